"""Which faults this platform was told to commit, and the dice that say when.  By default none.

The catalogue names them.  The mechanism of each stands where such a defect would stand in a
real platform, behind ``faults.strikes("name")``: what then happens must be the defect itself
(a shared object, a key without the user), never a simulation of its symptom.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterable, Mapping

from reference_platform.catalogue import FAULTS, MISROUTING


class UnknownFaultError(ValueError):
    """A name that is not in the catalogue, with the nearest one that is."""

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(name, FAULTS, n=1, cutoff=0.0)
        super().__init__(f"unknown fault {name!r}; the nearest known is {near[0]!r}")


def parse_faults(words: Iterable[str]) -> dict[str, float]:
    """Read ``NAME`` or ``NAME=RATE`` words.

    Raises UnknownFaultError for a name not in the catalogue, ValueError for a rate outside 0 to 1.
    """
    rates: dict[str, float] = {}
    for word in words:
        name, _, rate_text = word.partition("=")
        if name not in FAULTS:
            raise UnknownFaultError(name)
        try:
            rate = float(rate_text) if rate_text else FAULTS[name].default_rate
        except ValueError:
            rate = -1.0
        if not 0.0 <= rate <= 1.0:
            raise ValueError(f"the rate of {name} must be a number from 0 to 1")
        rates[name] = rate
    return rates


def check_needs(rates: Mapping[str, float], *, database: str, redis: bool, workers: int) -> None:
    """Raises ValueError for a fault that could never show on a platform like this."""
    met = {
        "postgresql": database.startswith("postgres"),
        "redis": redis,
        "workers": workers > 1,
        "misrouting": any(rates.get(name) for name in MISROUTING),
    }
    how = {
        "postgresql": "--database postgresql://…",
        "redis": "--redis URL",
        "workers": "--workers 2 or more",
        "misrouting": f"one of {', '.join(MISROUTING)} beside it",
    }
    for name, rate in rates.items():
        for need in FAULTS[name].needs:
            if rate and not met[need]:
                raise ValueError(f"the fault {name} needs {how[need]}")


class Faults:
    """Which faults are on, and for each opportunity whether it is taken.

    Every fault has dice of its own, so that switching one on does not change another's luck.
    """

    def __init__(self, rates: Mapping[str, float], seed: str) -> None:
        """Set the rates by fault name; the same seed throws the same dice."""
        self._rates = dict(rates)
        self._dice = {name: random.Random(f"{seed}/{name}") for name in rates}

    def on(self, name: str) -> bool:
        """Whether the fault is switched on at all."""
        return self._rates.get(name, 0.0) > 0.0

    def strikes(self, name: str) -> bool:
        """Whether the fault takes this opportunity."""
        rate = self._rates.get(name)
        return rate is not None and self._dice[name].random() < rate

    def dice(self, name: str) -> random.Random:
        """The fault's own source of chance, for how (not whether) it strikes."""
        return self._dice[name]
