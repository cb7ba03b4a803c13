"""A small multi-user agent platform: honest by default, with faults that can be switched on.

It is the subject of isolation tests and knows nothing of whoever tests it.
"""
