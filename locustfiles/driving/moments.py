"""Moments that all processes of a run agree on without a word, to provoke together.

Pure: a moment follows from the run's seed, a name and the wall clock.  So processes meet as
exactly as their clocks agree: those of one machine within the lateness of their loops.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

SPREAD = 0.5
"""Which share of its stretch a moment may lie in: two are never nearer than the rest of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """One moment in every stretch of so many seconds of the wall clock, somewhere in it."""

    seed: int
    name: str
    every_s: float

    def after(self, now_s: float) -> tuple[int, float]:
        """The next moment behind one of the wall clock: its number, and when it is."""
        number = int(now_s // self.every_s)
        while self._at(number) <= now_s:
            number += 1
        return number, self._at(number)

    def _at(self, number: int) -> float:
        drawn = random.Random(f"{self.seed}/{self.name}/{number}")  # noqa: S311 - no secret
        return (number + drawn.uniform(0.0, SPREAD)) * self.every_s
