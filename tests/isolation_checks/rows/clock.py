"""A clock that tests move: nobody waits for it."""

from __future__ import annotations


class Clock:
    """A clock that only sleeping moves; `during` happens at every look."""

    def __init__(self, during=lambda: None):
        self.now, self._during = 0.0, during

    def __call__(self) -> float:
        """The present moment."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self._during()
