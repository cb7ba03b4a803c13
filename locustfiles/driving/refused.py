"""What Locust refuses once it has read its options: exit 2, not its own 1, which means FAIL.

A user class that nobody knows, a number of processes that is none: it says so and exits
before anything of ours begins.  Only an exit hook is asked then, and it is not told the code.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import Any

from isolation_checks.errors import EXIT_BROKEN, EXIT_USAGE

_ENDS_EARLY = ("list_commands", "show_task_ratio", "show_task_ratio_json")
"""What Locust answers and is done with."""


def expect(options: Any) -> None:  # noqa: ANN401 - argparse
    """From now on a process that ends before `begun` is called was refused something."""
    asked = any(getattr(options, name, False) for name in _ENDS_EARLY)
    if not (asked or options.worker):  # a worker's parent only waits for its children
        atexit.register(_leave)


def begun() -> None:
    """Locust has taken its options; what is wrong from here on has codes of its own."""
    atexit.unregister(_leave)


def _leave() -> None:
    """Locust has said why; a crash is no mistake of the user's."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_USAGE if getattr(sys, "last_value", None) is None else EXIT_BROKEN)
