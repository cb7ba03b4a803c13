"""A fingerprint of what was to be remembered, and is told to whoever asks for the like."""

from __future__ import annotations

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.caches import asked_before
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    KEPT,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    telling,
)
from isolation_checks.records import Kind, QueryId

WORDED = ("foreign-canary", "foreign-row")
"""The kinds of findings that say in which query their words were told."""
OF_MEMORY = (KEPT, Kind.RECALL)
"""The kinds of queries that a memory is written or searched for."""


def shared_memory(scene: Scene, found: Found) -> Mechanism | None:
    """Nothing but what was to be remembered, and not as the victim was told it again."""
    kept, told, queries = scene.once(_count_kept)
    victim = scene.run.history.queries.get(found.victim_query or QueryId(""))
    if victim is None or victim.kind != KEPT or kept < max(SEVERAL, ALMOST_ALL * told):
        return None
    if queries == 1 and not scene.once(_was_recalled):
        return None  # whatever keeps one answer for good may have kept that of such a query
    if scene.passings and len(scene.once(asked_before)) >= MOST * len(scene.passings):
        return None  # a cache of answers that recall it
    return Mechanism(
        name="a memory that is searched without the user in its filter",
        because=(
            f"in {kept} of {told} cases another's words were such as the victim had "
            "told the platform to remember"
        ),
    )


def _count_kept(scene: Scene) -> tuple[int, int, int]:
    """Cases of words that were to be remembered, of so many, and of how many queries these are.

    Rows do not count: those of a memory hold nothing else, whoever owns them.
    """
    known = scene.run.history.queries
    planted = [
        (known[found.victim_query], found.times)
        for found in scene.everything
        if found.kind in WORDED and found.channel != "row" and found.victim_query in known
    ]
    kept = [(query.id, times) for query, times in planted if query.kind == KEPT]
    seen = {each["planted_query"] for each in scene.all_sightings} & set(dict(kept))
    return sum(times for _, times in kept), sum(times for _, times in planted), len(seen)


def _was_recalled(scene: Scene) -> bool:
    """Whether words came to those who tell or ask what is to be remembered, and to few others."""
    asked = [query.kind in OF_MEMORY for query in scene.run.history.queries.values()]
    got = [each.recipient.kind in OF_MEMORY for each in scene.passings]
    return sum(got) >= max(SEVERAL, telling(sum(asked) / max(1, len(asked))) * len(got))
