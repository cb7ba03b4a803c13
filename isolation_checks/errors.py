"""The two families of errors that are ours: the user's mistake and the harness's fault.

A platform's misconduct is never an exception: it is data, a finding.
"""

from __future__ import annotations

EXIT_USAGE = 2
EXIT_BROKEN = 4


class UsageError(Exception):
    """The plan or the command line is wrong; ends in exit code 2.

    The message is one sentence that says what would be right.
    """

    exit_code = EXIT_USAGE


class HarnessError(Exception):
    """The harness itself cannot go on.  Ends in exit code 4."""

    exit_code = EXIT_BROKEN
