"""The faults this platform can be told to commit.  By default it commits none.

This file names them and throws the dice.  The mechanism of each stands where such a
defect would stand in a real platform, behind ``faults.strikes("name")``: what then happens
must be the defect itself (a shared object, a key without the user), never a simulation of
its symptom.  A new fault is one entry here and its mechanism there.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One defect: what it is, how often it gets a chance, how often it takes it by default."""

    name: str
    sentence: str
    opportunity: str
    rate: float


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault(
            name="shared_socket",
            sentence="One handler object keeps the socket that events go to; "
            "each connect overwrites it.",
            opportunity="connect",
            rate=1.0,
        ),
        Fault(
            name="broadcast",
            sentence="An event meant for one connection is sent to every connection.",
            opportunity="event",
            rate=1.0,
        ),
        Fault(
            name="singleton_agent",
            sentence="One agent object, carrying the current user's fields, serves everybody.",
            opportunity="query",
            rate=1.0,
        ),
        Fault(
            name="cache_without_user",
            sentence="The answer cache is keyed by the question alone.",
            opportunity="query",
            rate=1.0,
        ),
        Fault(
            name="missing_owner_check",
            sentence="Threads and their messages are read by id alone, over a connection "
            "that row-level security does not bind.",
            opportunity="read of a thread",
            rate=1.0,
        ),
        Fault(
            name="wrong_owner_row",
            sentence="The row writer takes the owner from a shared current-user field "
            "at the time of writing.",
            opportunity="write of an answer",
            rate=1.0,
        ),
        Fault(
            name="lost_row",
            sentence="Rows go to a write-behind queue that drops them when a flush fails.",
            opportunity="query",
            rate=0.05,
        ),
        Fault(
            name="placeholder_owner",
            sentence="A retried write runs outside the request's context, where the owner "
            "defaults to `system`.",
            opportunity="write of an answer",
            rate=0.05,
        ),
        Fault(
            name="silent_swallow",
            sentence="The intake of a query fails and the exception is swallowed.",
            opportunity="query",
            rate=0.05,
        ),
        Fault(
            name="lost_terminal",
            sentence="The last event goes through a notification queue that drops when full.",
            opportunity="completed query",
            rate=0.05,
        ),
        Fault(
            name="out_of_order",
            sentence="Two senders drain one outbox; one stalls or sends again.",
            opportunity="event",
            rate=0.02,
        ),
        Fault(
            name="hung_agent",
            sentence="An agent dies in mid-run and nobody watches.",
            opportunity="query",
            rate=0.05,
        ),
        Fault(
            name="slow_tail",
            sentence="A share of model calls lands on a cold replica and stalls for seconds.",
            opportunity="query",
            rate=0.15,
        ),
    )
}


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
            rate = float(rate_text) if rate_text else FAULTS[name].rate
        except ValueError:
            rate = -1.0
        if not 0.0 <= rate <= 1.0:
            raise ValueError(f"the rate of {name} must be a number from 0 to 1")
        rates[name] = rate
    return rates


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
