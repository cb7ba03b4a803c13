"""Which trials a selftest makes: every fault on every database that it can show on."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping, Sequence

from isolation_checks.errors import UsageError
from isolation_checks.selftest.nouns import HONEST, Fault, NotRun, Trial

RATES: Mapping[str, float] = {
    "silent_swallow": 0.3,
    "lost_terminal": 0.3,
    "hung_agent": 0.3,
    "slow_tail": 0.3,
}
"""Rates at which a fault breaks its objective beyond doubt in a short drive."""
BESIDE: Mapping[str, tuple[str, ...]] = {"label_laundering": ("shared_socket",)}
LONGER_SECONDS = 9
"""What a drive takes longer in which queries must run into their time-out."""
HONEST_TIMES = 2
"""How often as long the honest platform is driven: whether it passes is asked, and on a busy
machine a short drive has too few opportunities to say so."""
WORKERS = 2
EVERYTHING = frozenset(("redis", "workers"))
"""What brings out the provocations that a platform of one process cannot have."""


def asked_for(words: Sequence[str], known: Mapping[str, Fault]) -> dict[str, float | None]:
    """The faults that NAME or NAME=RATE words ask for; all of them, where there are none.

    Raises:
        UsageError: a name is not known, or a rate is none.
    """
    wanted: dict[str, float | None] = {}
    for word in words:
        name, _, rate = word.partition("=")
        if name not in known and name != HONEST:
            near = difflib.get_close_matches(name, [*known, HONEST], n=1, cutoff=0.0)
            raise UsageError(f"unknown fault {name!r}; the nearest known is {near[0]!r}")
        wanted[name] = _rate(name, rate) if rate else None
    return wanted or dict.fromkeys((HONEST, *known))


def _rate(name: str, word: str) -> float:
    try:
        rate = float(word)
    except ValueError:
        rate = math.nan
    if not 0 <= rate <= 1:
        raise UsageError(f"the rate of {name} must be a number from 0 to 1")
    return rate


def needs(known: Mapping[str, Fault], wanted: Collection[str]) -> frozenset[str]:
    """What the platform must stand on for these faults, besides one database or another."""
    return frozenset(need for name in wanted for stand in _stands(known, name) for need in stand)


def _stands(known: Mapping[str, Fault], name: str) -> tuple[frozenset[str], ...]:
    """What a fault needs; the honest platform is tried alone, and with all that others need."""
    if name == HONEST:
        return frozenset(), EVERYTHING
    return (frozenset(known[name].needs),)


def _seconds(name: str, seconds: int) -> int:
    if name == HONEST:
        return HONEST_TIMES * seconds
    return seconds + (LONGER_SECONDS if name in RATES else 0)


def chosen(  # noqa: PLR0913 - one argument an option
    known: Mapping[str, Fault],
    wanted: Mapping[str, float | None],
    *,
    databases: Sequence[str],
    missing: Mapping[str, str],
    seeds: int,
    users: int,
    seconds: int,
) -> tuple[list[Trial], list[NotRun]]:
    """The trials of the wanted faults, and what cannot be tried.

    `databases` are those that were asked for; a fault that can show on PostgreSQL only is
    tried there.  `missing` says of `postgresql` and `redis` why they cannot be had.
    """
    trials: list[Trial] = []
    not_run: list[NotRun] = []
    every = (
        (name, rate, needed) for name, rate in wanted.items() for needed in _stands(known, name)
    )
    for name, rate, needed in every:
        for database in ("postgresql",) if "postgresql" in needed else databases:
            lacking = [need for need in (database, *sorted(needed)) if need in missing]
            if lacking:
                why = f"it needs {lacking[0]}: {missing[lacking[0]]}"
                not_run.append(NotRun(fault=name, database=database, why=why))
                continue
            default = known[name].default_rate if name in known else 0.0
            trials += [
                Trial(
                    fault=name,
                    rate=rate if rate is not None else RATES.get(name, default),
                    database=database,
                    seed=seed,
                    seconds=_seconds(name, seconds),
                    users=users,
                    beside=BESIDE.get(name, ()),
                    redis="redis" in needed,
                    workers=WORKERS if "workers" in needed else 1,
                )
                for seed in range(1, seeds + 1)
            ]
    return trials, not_run
