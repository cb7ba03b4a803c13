"""The positive control: breaks planted into a copy of a run, and how many are found again.

What plants shares no code with what finds; otherwise both could be wrong together.
"""
