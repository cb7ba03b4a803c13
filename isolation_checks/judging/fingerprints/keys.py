"""Fingerprints of things that are found by a key which does not tell whose they are."""

from __future__ import annotations

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    Mechanism,
    Scene,
    of_another,
)
from isolation_checks.records import ConversationLabel, PrincipalId, QueryId

SEVERAL = 3
"""So many are no coincidence."""
SEEDED = "document"
"""The place of words that were put into the platform's store, and asked in no question."""
_LACKING = ("missing-event", "no-answer", "no-end")


def one_id(scene: Scene, found: Found) -> Mechanism | None:
    """Frames went astray only between those who had asked under one id."""
    asked = scene.once(_asked_under)
    if not any(frame["label_query"] in asked for frame in scene.frames(found)):
        return None
    astray, between = scene.once(_between_namesakes)
    if not between or between < ALMOST_ALL * astray:
        return None
    return Mechanism(
        name="a reply finds its session by the client's id alone",
        because=(
            f"in {between} of {astray} cases the id in the frame was one that both had asked under"
        ),
    )


def searched_for(scene: Scene, found: Found) -> Mechanism | None:
    """The words had been put into a store, by somebody who told them in no question."""
    seen, stored = scene.once(_count_stored)
    if not stored or stored < seen:
        return None
    if found.victim is None or found.victim in scene.once(_askers):
        return None
    return Mechanism(
        name="a search that does not ask whose documents they are",
        because=(
            f"in all {seen} cases another's words were such as it had put into the "
            "platform's store, and told in no question"
        ),
    )


def unknown_yet(scene: Scene, found: Found) -> Mechanism | None:
    """Answers lack events where they begin a conversation, and nowhere else."""
    if found.kind not in _LACKING:
        return None
    lacking, first, later, whole = scene.once(_count_openings)
    if first < max(SEVERAL, ALMOST_ALL * lacking) or later < SEVERAL or whole > MOST * first:
        return None
    return Mechanism(
        name="events follow the conversation's id, which is known to no session yet",
        because=(
            f"{first} of {lacking} answers that lack events began a conversation, and of {later} "
            f"answers to what followed {lacking - first} lack any"
        ),
    )


def _asked_under(scene: Scene) -> dict[str, frozenset[PrincipalId]]:
    """The ids that the platform was given by several, and by whom."""
    asked: dict[str, set[PrincipalId]] = {}
    for query in scene.run.history.queries.values():
        asked.setdefault(query.named or query.id, set()).add(query.principal)
    return {name: frozenset(who) for name, who in asked.items() if len(who) > 1}


def _between_namesakes(scene: Scene) -> tuple[int, int]:
    """Of so many frames of others, those that name an id which their recipient had used, too."""
    asked = scene.once(_asked_under)
    astray = [frame for frame in scene.all_frames if of_another(frame)]
    return len(astray), sum(f["principal"] in asked.get(f["label_query"], ()) for f in astray)


def _count_stored(scene: Scene) -> tuple[int, int]:
    """Of so many sightings, those of words that their owner had only put into a store."""
    askers, plantings = scene.once(_askers), scene.run.history.plantings
    planted = [plantings.get(seen["canary"]) for seen in scene.all_sightings]
    stored = [p for p in planted if p and p.place == SEEDED and p.principal not in askers]
    return len(planted), len(stored)


def _askers(scene: Scene) -> frozenset[PrincipalId]:
    return frozenset(query.principal for query in scene.run.history.queries.values())


def _count_openings(scene: Scene) -> tuple[int, int, int, int]:
    """How many answers lack events, how many of them began a conversation, and two of all.

    These are the answers to what followed in a conversation, and those that began one and
    lack none.
    """
    history = scene.run.history
    opened: dict[tuple[PrincipalId, ConversationLabel], QueryId] = {}
    for query in sorted(history.queries.values(), key=lambda query: query.sent_s):
        opened.setdefault((query.principal, query.conversation), query.id)
    lacking = {query for f in scene.everything if f.kind in _LACKING for query in f.queries}
    answered = {query.id for query in history.queries.values() if query.done_s is not None}
    first = frozenset(opened.values())
    return (
        len(lacking),
        len(lacking & first),
        len((answered | lacking) - first),
        len((answered & first) - lacking),
    )
