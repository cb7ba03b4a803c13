"""Knows how late we ourselves may be: watches the event loop's polls, judges nothing.

A message that is read now lay in the kernel since some moment after the last time
the loop had looked.  If the poll had to wait, the message arrived while it waited;
if it returned soon, the message may have come any time since the poll before.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

WAITED_NS = 1_000_000
WAITED_SHARE = 4
"""A poll that took longer than this, and than a quarter of the round before it, found
nothing ready when it began: the host may hold up a poll that had no need to wait, but
hardly for as long as would hide a stall that matters."""


class LoopWatch:
    """The bound on our own delay, of the loop of one process."""

    def __init__(self, loop: Any) -> None:  # noqa: ANN401 - gevent's loop is untyped
        self.since_ns = time.monotonic_ns()
        """Nothing that is read now had been lying in the kernel before this moment."""
        self._polled_ns = self.since_ns
        self._returned_ns = self.since_ns
        self._worst_ns = 0
        # the last before the poll: gevent runs greenlets in a prepare watcher of its own
        self._before = loop.prepare(ref=False, priority=loop.MINPRI)
        self._after = loop.check(ref=False, priority=loop.MAXPRI)
        self._before.start(self._polling)
        self._after.start(self._returned)

    def _polling(self) -> None:
        self._polled_ns = now = time.monotonic_ns()
        self._worst_ns = max(self._worst_ns, now - self._returned_ns)

    def _returned(self) -> None:
        now = time.monotonic_ns()
        busy_ns = self._polled_ns - self._returned_ns
        waited = now - self._polled_ns > max(WAITED_NS, busy_ns // WAITED_SHARE)
        self.since_ns = now if waited else self._returned_ns
        self._returned_ns = now

    def take_worst_ns(self) -> int:
        """The longest that the loop was busy with one round since the last call."""
        worst, self._worst_ns = self._worst_ns, 0
        return worst

    def stop(self) -> None:
        """Stop watching."""
        self._before.stop()
        self._after.stop()


def run_delay_ns() -> int | None:
    """For how long this process was ready to run and the host let it wait (Linux)."""
    try:
        return int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
