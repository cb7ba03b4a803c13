"""Drives of small agent servers that Crosstalk's authors might never have seen.

Each server is a stranger's: another library, another wire, another way to be wrong.
Crosstalk knows each by its plan alone, and every plan is one of `docs/examples`.
"""
