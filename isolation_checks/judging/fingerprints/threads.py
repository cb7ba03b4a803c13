"""Fingerprints of conversations that several users have together by their ids."""

from __future__ import annotations

from collections import Counter

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
)
from isolation_checks.loading.run import records


def one_thread(scene: Scene, found: Found) -> Mechanism | None:
    """Words passed between conversations that the platform calls the same, of many that it has."""
    same, seen, usual = scene.once(_count_same_thread)
    if not scene.own(found) or same < max(SEVERAL, ALMOST_ALL * seen) or usual > MOST:
        return None
    if seen < MOST * len(scene.passings):
        return None
    return Mechanism(
        name="a conversation that is found by its id alone, where several have the same",
        because=(
            f"in {same} of {seen} cases the platform calls both conversations by one id, where "
            f"it does so with {usual:.0%} of all pairs of questions"
        ),
    )


def _count_same_thread(scene: Scene) -> tuple[int, int, float]:
    """In how many cases both conversations have one id, of how many; and the usual share.

    An answer that names two has another's frames in it.
    """
    placed = scene.run.frames.filter(~nw.col("query").is_null() & ~nw.col("conversation").is_null())
    named: dict[str, set[str]] = {}
    for each in records(placed.select("query", "conversation").unique()):
        named.setdefault(each["query"], set()).add(each["conversation"])
    named = {query: ids for query, ids in named.items() if len(ids) == 1}
    pairs = [
        named[each.victim.id] & named[each.recipient.id]
        for each in scene.passings
        if each.victim.principal != each.recipient.principal
        and {each.victim.id, each.recipient.id} <= named.keys()
    ]
    often = Counter(name for names in named.values() for name in names)
    usual = sum(n * n for n in often.values()) / max(1, often.total()) ** 2
    return sum(map(bool, pairs)), len(pairs), usual
