"""Which load comes next: a search for the largest one that is borne.

It doubles until a load is not borne, halves what lies between, and has the answer confirmed on
a longer stretch of fresh samples: the many looks on the way prove nothing by themselves.
A pure state machine: it is told what each step showed, and looks at no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Showed = Literal["borne", "breached", "unclear"]
"""Every objective was met; one was missed; nobody can say, for want of samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A load to hold."""

    load: int
    confirms: bool = False
    """On a longer stretch, to stand by itself."""


class Search:
    """Doubles, halves, confirms."""

    def __init__(
        self, first: int, most: int, precision: float = 0.05, confirmations: int = 3
    ) -> None:
        """A search that begins at `first` and never asks for more than `most`.

        It stops halving when what lies between is at most `precision` of the smaller load.
        """
        self._low, self._high = 0, most + 1
        self._most = most
        self._precision = precision
        self._left = confirmations
        self._borne: list[int] = []
        self.asked: Ask | None = Ask(load=min(max(1, first), most))
        """What to hold now; None: the search is over."""
        self.confirmed: int | None = None
        """The largest load that was borne and stood confirmation."""

    def told(self, showed: Showed) -> None:
        """What the load that was asked for showed."""
        asked = self.asked
        if asked is None:
            return
        borne = showed == "borne"
        if asked.confirms:
            self._left -= 1
            if borne:
                self.confirmed = asked.load
                self.asked = None
                return
        if borne:
            self._low = asked.load
            self._borne.append(asked.load)
        else:
            self._high = asked.load
            self._borne = [load for load in self._borne if load < asked.load]
            self._low = max(self._borne, default=0)
        self.asked = self._next()

    def _next(self) -> Ask | None:
        wide = self._high - self._low
        if wide <= max(1, int(self._precision * self._low)):
            if not self._low or self._left <= 0:
                return None
            return Ask(load=self._low, confirms=True)
        if self._high > self._most:
            return Ask(load=min(2 * self._low, self._most)) if self._low else None
        middle = (self._low + self._high) // 2
        return Ask(load=middle) if middle > self._low else None
