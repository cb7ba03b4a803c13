"""Random moments of an answer, early ones and late ones alike, whether answers take ms or minutes.

What a platform does first with a query, and where whoever takes it back does most harm, may
be over in milliseconds; what it says goes on as long as it pleases.  So moments are drawn
evenly on a scale of orders of magnitude: as many between 10 and 100 ms as between 1 and 10 s.
"""

from __future__ import annotations

import math
import random
import statistics
from collections import deque

EARLIEST_SECONDS = 0.01
"""Before this a platform on loopback has hardly read the question."""
GUESS_SECONDS = 0.4
"""How long answers take until one was seen."""
SEEN = 99
"""Answers that are looked back at: a platform may become slower under load."""


class Phases:
    """How long answers took lately, and moments of the next."""

    def __init__(self) -> None:
        self._took: deque[float] = deque(maxlen=SEEN)

    @property
    def length_s(self) -> float:
        """What three answers of four took no longer than, lately."""
        if len(self._took) < 2:  # noqa: PLR2004 - fewer have no quartiles
            return max(self._took, default=GUESS_SECONDS)
        return statistics.quantiles(self._took, n=4)[-1]

    def answered(self, seconds: float) -> None:
        """An answer was complete so long after it was asked for."""
        self._took.append(seconds)

    def moment(self, of: random.Random, behind_s: float = 0.0) -> float:
        """Seconds until a moment of an answer that was asked for `behind_s` ago."""
        latest = max(EARLIEST_SECONDS, self.length_s - behind_s)
        return math.exp(of.uniform(math.log(EARLIEST_SECONDS), math.log(latest)))
