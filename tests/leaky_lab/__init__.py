"""The leaky lab: small agent servers whose defects are those of published packages.

Each pair is one file of `servers`, started as it leaks and as it does not:

    python -m tests.leaky_lab redis_cancelled --bad
    python -m tests.leaky_lab redis_cancelled --fixed

A leak must be found, with the right victim and the right recipient, and the same server
without it must pass: controls of sensitivity and of honesty that nobody wrote for Crosstalk.
"""
