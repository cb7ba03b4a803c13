"""A fingerprint of what is shown to whoever connects, such as what was said last."""

from __future__ import annotations

from collections import Counter

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.dialects.correlate import answering
from isolation_checks.judging.fingerprints.laundered import MANY
from isolation_checks.judging.fingerprints.routing import SOON_SECONDS, kept_for_another
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
)
from isolation_checks.loading.run import records
from isolation_checks.records import QueryId, SessionId


def shown_again(scene: Scene, found: Found) -> Mechanism | None:
    """Others' words in events that answer nothing and come right behind a connect, one's own too.

    Who connected last is told so as well; but these come only then, and to nobody else.  Where
    somebody connects all the time so does what goes to the newest socket: it comes nearer to the
    question whose words it holds, or to its answer, than to the connect.
    """
    frames, kinds = scene.frames(found), scene.foreign_kinds
    if not frames or any(f["query"] for f in frames) or not all(f["kind"] for f in frames):
        return None
    dialect = scene.run.history.plan.dialect
    if kinds & (answering(dialect) or frozenset(dialect.ends)) or kinds & set(dialect.opens):
        return None
    events, behind = scene.once(_count_behind_connects)
    if behind < max(SEVERAL, ALMOST_ALL * events):
        return None
    cases, nearer = scene.once(_count_nearer_to_connects)
    if nearer < MOST * cases:
        return None
    return kept_for_another(
        f"{behind} of {events} events of the kind {' or '.join(sorted(kinds))}, in which alone "
        f"others' words stand, came within {SOON_SECONDS:.0f} s behind their recipient's "
        "connect: what had been said before is shown to whoever comes"
    )


def _count_nearer_to_connects(scene: Scene) -> tuple[int, int]:
    """In how many cases others' words stand in an event, and its connect is nearer than theirs."""
    known, sessions = scene.run.history.queries, scene.run.history.sessions
    cases = nearer = 0
    for seen in scene.all_sightings:
        told = known.get(QueryId(seen["planted_query"] or ""))
        session = sessions.get(SessionId(seen["session"])) if seen["session"] is not None else None
        if told is None or session is None or session.came_s is None:
            continue
        at_s, moments = seen["at_s"], (told.sent_s, told.first_s, told.over_s)
        cases += 1
        nearer += abs(at_s - session.came_s) <= min(abs(at_s - m) for m in moments if m is not None)
    return cases, nearer


def _count_behind_connects(scene: Scene) -> tuple[int, int]:
    """How many events there are of the kinds that hold others' words.

    And how many of them came right behind a connect of whoever got them.
    """
    sessions = scene.run.history.sessions
    of_kind = scene.run.frames.filter(nw.col("kind").is_in(sorted(scene.foreign_kinds)))
    looked_at = records(of_kind.select("session", "at_s"), "session", "at_s", limit=MANY)
    counts = Counter[bool]()
    for event in looked_at:
        session = sessions.get(SessionId(event["session"]))
        came_s = session.came_s if session is not None else None
        counts[came_s is not None and event["at_s"] <= came_s + SOON_SECONDS] += 1
    return len(looked_at), counts[True]
