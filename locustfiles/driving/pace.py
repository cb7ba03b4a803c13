"""When queries are due in an open workload: computed ahead, whatever becomes of the answers.

Pure: it looks at no clock and draws from dice that it is given.  Times are seconds since the
arrivals began.
"""

from __future__ import annotations

import math
from random import Random

from isolation_checks.plan.tables.workload import Workload


class Arrivals:
    """The due times of one process.

    An arrival is due whenever the rate, added up over time, has reached what was drawn for it
    (1 for constant arrivals, an exponential for Poisson's), so that a rate that changes, by a
    ramp or with the number of users, needs no rule of its own.
    """

    def __init__(self, workload: Workload, processes: int, drawn: Random) -> None:
        """Of a run with so many processes; 0: this one came late and shares in no total."""
        assert workload.rate is not None  # the plan was refused otherwise
        self._rate = workload.rate
        self._ramp = float(workload.ramp)
        self._law = workload.arrivals
        self._each = workload.burst if workload.arrivals == "burst" else 1
        self._share = 1 / processes if processes else 0.0
        self._drawn = drawn
        self._at_s = 0.0
        # processes that began together are not due together
        self._owed = self._draw() * (drawn.random() if self._law != "poisson" else 1.0)

    def until(self, to_s: float, users: int) -> list[float]:
        """The due times up to then, in order, while so many users are there."""
        weight = float(users) if self._rate.per_user else self._share
        due: list[float] = []
        while True:
            at_s = self._reached(self._owed, weight)
            if at_s > to_s:
                self._owed -= self._added(self._at_s, to_s) * weight
                self._at_s = max(self._at_s, to_s)
                return due
            self._at_s = at_s
            self._owed = self._draw()
            due += [at_s] * self._each

    def _draw(self) -> float:
        return self._each * (1.0 if self._law == "constant" else self._drawn.expovariate(1.0))

    def _at(self, at_s: float) -> float:
        """The rate at a time."""
        least, most = self._rate.least, self._rate.most
        if at_s >= self._ramp:
            return most
        return least + (most - least) * at_s / self._ramp

    def _added(self, from_s: float, to_s: float) -> float:
        """How many arrivals lie between two times."""
        bend = min(max(self._ramp, from_s), to_s)
        rising = (self._at(from_s) + self._at(bend)) / 2 * (bend - from_s)
        return rising + self._rate.most * (to_s - bend)

    def _reached(self, wanted: float, weight: float) -> float:
        """When so many more have arrived; infinite where none ever will."""
        if weight <= 0:
            return math.inf
        wanted /= weight
        from_s = self._at_s
        ahead = self._added(from_s, self._ramp) if from_s < self._ramp else 0.0
        if from_s < self._ramp and wanted <= ahead:
            slope = (self._rate.most - self._rate.least) / self._ramp
            now = self._at(from_s)
            return from_s + _root(slope / 2, now, wanted)
        return max(from_s, self._ramp) + (wanted - ahead) / self._rate.most


def _root(half_slope: float, now: float, wanted: float) -> float:
    """The least positive `t` with `half_slope·t² + now·t = wanted`."""
    return 2 * wanted / (now + math.sqrt(max(0.0, now * now + 4 * half_slope * wanted)))
