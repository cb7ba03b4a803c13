"""Fingerprints of what was turned away: at the door, or with a text made beforehand."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import MOST, SEVERAL, Mechanism, Scene
from isolation_checks.loading.history import Query

_RATE_LIMITED = "429"


def place_not_given_back(scene: Scene, found: Found) -> Mechanism | None:
    """Whoever was turned away had been let in as often as anybody ever was."""
    if found.kind != "refused-connect":
        return None
    least, most, anybody = scene.once(_let_in)
    if least < max(SEVERAL, most - 1) or anybody > most:
        return None
    times = f"{least}" if least == most else f"{least} or {most}"
    return Mechanism(
        name="a place that is not given back when a session ends",
        because=(
            f"whoever was turned away had been let in {times} times in all, and nobody was more "
            "often; a limit on how often one may connect would look the same"
        ),
    )


def canned(scene: Scene, found: Found) -> Mechanism | None:
    """Answers that were there far sooner than one that is made for its question."""
    if found.kind not in ("canned-answer", "lost-memory"):
        return None
    took = scene.once(_how_soon)
    if took is None or took.canned_s > MOST * took.made_s:
        return None
    known = scene.run.history.queries
    asked = [known[query] for query in found.queries if query in known]
    soon = sum(not query.echoed and _took(query) <= MOST * took.made_s for query in asked)
    if not asked or soon < MOST * len(asked):
        return None
    return Mechanism(
        name="a canned text in the place of an answer",
        because=(
            f"half of the answers that are all the same came within {took.canned_s * 1000:.0f} ms, "
            f"where those with a word of their question took {took.made_s * 1000:.0f} ms: they "
            "were made for none"
        ),
    )


def _let_in(scene: Scene) -> tuple[int, int, int]:
    """How often those were let in who were turned away, the least and the most; and anybody."""
    made = [s for s in scene.run.history.sessions.values() if s.channel == "websocket"]
    away = {f.victim for f in scene.everything if f.kind == "refused-connect"}
    refused = [s.failed or "" for s in made if s.principal in away and s.ready_s is None]
    if any(_RATE_LIMITED in said for said in refused):
        return 0, 0, 0
    times = Counter(s.principal for s in made if s.ready_s is not None)
    theirs = [times[who] for who in away if who is not None]
    return min(theirs), max(theirs), max(times.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Took:
    """How long answers took, in the median."""

    canned_s: float
    made_s: float


def _how_soon(scene: Scene) -> _Took | None:
    same = {query for f in scene.everything if f.kind == "canned-answer" for query in f.queries}
    answered = [q for q in scene.run.history.queries.values() if q.done_s is not None]
    canned = [_took(query) for query in answered if query.id in same]
    made = [_took(query) for query in answered if query.echoed]
    if not canned or not made:
        return None
    return _Took(canned_s=statistics.median(canned), made_s=statistics.median(made))


def _took(query: Query) -> float:
    return (query.done_s if query.done_s is not None else float("inf")) - query.sent_s
