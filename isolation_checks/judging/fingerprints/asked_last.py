"""A fingerprint of what is sent to whoever asked last, whoever had connected last."""

from __future__ import annotations

import bisect

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.leftover import behind_an_answer
from isolation_checks.judging.fingerprints.routing import TWICE, count_twice
from isolation_checks.judging.fingerprints.scene import (
    LOOKED_AT_IN_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    of_another,
    telling,
)

AT_ONCE = 2
"""Of those who ask at nearly the same time nobody can say from outside who was the last."""


def asked_last(scene: Scene, found: Found) -> Mechanism | None:
    """Frames of others' queries that went to the session that had asked last, and to it alone."""
    frames = scene.frames(found)
    if not frames or not (found.kind == "foreign-frame" or any(map(of_another, frames))):
        return None
    seen, last, nearly, usual = scene.once(_count_last)
    counted, twice = scene.once(count_twice)
    if counted and twice >= MOST * counted:
        return None  # whoever asked got them as well
    if behind_an_answer(scene, found):
        return None  # they waited for an answer of the recipient's own
    few = min(1.0, telling(AT_ONCE * usual)) * seen
    if last < SEVERAL or nearly < few or last < TWICE * usual * seen:
        return None
    return Mechanism(
        name="whoever asked last gets what is sent",
        because=(
            f"{last} of {seen} frames of others' queries went to the session that had asked last "
            f"of all, where {usual * seen:.0f} would have by chance"
        ),
    )


def _count_last(scene: Scene) -> tuple[int, int, int, float]:
    """Of so many frames of others' queries, those that went to the last who had asked.

    Those that went to one of the last few; and the share of the first by chance, of all
    sessions that had asked and were open.
    """
    sessions = scene.run.history.sessions
    asked = sorted((query.sent_s, query.session) for query in scene.run.history.queries.values())
    first = {session: at_s for at_s, session in reversed(asked)}
    seen, last, nearly, usual = 0, 0, 0, 0.0
    for frame in scene.of_others[:: 1 + len(scene.of_others) // LOOKED_AT_IN_ALL]:
        at_s = frame["at_s"]
        place = bisect.bisect_right(asked, at_s, key=lambda each: each[0])
        there = [
            session
            for session, since_s in first.items()
            if since_s <= at_s
            and ((closed_s := sessions[session].closed_s) is None or closed_s > at_s)
        ]
        newest = [session for _, session in asked[max(0, place - AT_ONCE) : place]]
        seen += 1
        last += frame["session"] in newest[-1:]
        nearly += frame["session"] in newest
        usual += 1 / max(1, len(there))
    return seen, last, nearly, usual / max(1, seen)
