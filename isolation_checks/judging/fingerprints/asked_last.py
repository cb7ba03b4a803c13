"""A fingerprint of what is sent to whoever asked last, whoever had connected last."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import Any

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.leftover import behind_an_answer
from isolation_checks.judging.fingerprints.newest import SELDOM, answers_of, coincidence
from isolation_checks.judging.fingerprints.routing import TWICE
from isolation_checks.judging.fingerprints.scene import (
    LOOKED_AT_IN_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    of_another,
    over,
    owner_of,
    telling,
)
from isolation_checks.judging.fingerprints.several import count_twice
from isolation_checks.records import NEVER_SENT

AT_ONCE = 2
"""Of those who ask at nearly the same time nobody can say from outside who was the last."""


def asked_last(scene: Scene, found: Found) -> Mechanism | None:
    """Frames of others' queries that went to the session that had asked last, and to it alone.

    They came while those were being answered: what comes later was kept, as a cache keeps an
    answer with its ids, and whoever is given it has always just asked.
    """
    frames = scene.frames(found)
    if not frames or not (found.kind == "foreign-frame" or any(map(of_another, frames))):
        return None
    counted, twice = scene.once(count_twice)
    if counted and twice >= MOST * counted:
        return None  # whoever asked got them as well
    if behind_an_answer(scene, found):
        return None  # they waited for an answer of the recipient's own
    last = scene.once(_count_last)
    few = min(1.0, telling(AT_ONCE * last.usual)) * last.seen
    if last.hits < SEVERAL or last.nearly < few or last.hits < TWICE * last.usual * last.seen:
        return None
    if coincidence(last.hits, last.seen, last.answers, last.usual) > SELDOM:
        return None
    return Mechanism(
        name="whoever asked last gets what is sent",
        because=(
            f"{last.hits} of {last.seen} frames of others' queries went to the session that had "
            f"asked last of all, where {last.usual * last.seen:.0f} would have by chance"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """Of so many frames of others' queries, those that went to the last who had asked."""

    seen: int
    answers: int
    """The frames of one answer that reached one session are one case."""
    hits: int
    nearly: int
    """Those that went to one of the last few."""
    usual: float
    """The share of the first by chance: of all that had asked, were there and not its owner's."""


def _count_last(scene: Scene) -> _Last:
    known, sessions = scene.run.history.queries, scene.run.history.sessions
    asked = sorted(
        (query.sent_s, query.session)
        for query in known.values()
        if query.reason not in NEVER_SENT and query.session in sessions
    )
    first = {session: at_s for at_s, session in reversed(asked)}
    looked_at = scene.of_others[:: 1 + len(scene.of_others) // LOOKED_AT_IN_ALL]
    hits, nearly, usual = 0, 0, 0.0
    for frame in looked_at:
        at_s, owner = frame["at_s"], owner_of(frame)
        place = bisect.bisect_right(asked, at_s, key=lambda each: each[0])
        there = [
            session
            for session, since_s in first.items()
            if since_s <= at_s
            and (known_as := sessions[session]).principal != owner
            and (known_as.closed_s is None or known_as.closed_s > at_s)
        ]
        newest = [session for _, session in asked[max(0, place - AT_ONCE) : place]]
        usual += 1 / max(1, len(there))
        if _is_being_answered(scene, frame):
            hits += frame["session"] in newest[-1:]
            nearly += frame["session"] in newest
    return _Last(
        seen=len(looked_at),
        answers=answers_of(looked_at),
        hits=hits,
        nearly=nearly,
        usual=usual / max(1, len(looked_at)),
    )


def _is_being_answered(scene: Scene, frame: dict[str, Any]) -> bool:
    """Whether the query that a frame is about is open; one that nobody knows may be."""
    query = scene.run.history.queries.get(frame["label_query"])
    return query is None or frame["at_s"] <= over(query)
