"""Would Crosstalk have noticed?  Every fault of the reference platform, driven and scored.

It chooses trials, reads what their judgements say, and does the statistics.  It starts no
process and renders nothing.
"""
