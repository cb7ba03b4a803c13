"""Fingerprints of rows that belong to the wrong principal."""

from __future__ import annotations

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import MOST, Mechanism, Scene, over
from isolation_checks.loading.history import Query


def newest_user(scene: Scene, found: Found) -> Mechanism | None:
    """Rows with the id of somebody who was busy at the same time."""
    if found.channel != "row" or found.kind != "foreign-row" or scene.frames(found):
        return None
    known = scene.run.history.queries
    victims = [known[query] for query in found.queries if query in known]
    own = [query for query in known.values() if query.principal == found.recipient]
    hits = sum(any(_met(victim, query) for query in own) for victim in victims)
    if not victims or hits < MOST * len(victims):
        return None
    return Mechanism(
        name="a row written with the id of whoever came last",
        because=(
            f"in {hits} of {len(victims)} cases {found.recipient} had a query open when "
            f"{found.victim}'s was stored"
        ),
    )


def _met(one: Query, other: Query) -> bool:
    """Whether two queries were open at the same time."""
    return one.sent_s <= over(other) and other.sent_s <= over(one)
