"""Fingerprints of what runs that are given up, or fail, do to what goes on."""

from __future__ import annotations

import bisect

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
)
from isolation_checks.loading.history import Query
from isolation_checks.records import Ending, QueryId
from isolation_checks.statistics import bounds

SELDOM = 0.2
"""A share of answers that do not tell against what the others show."""
TWICE = 2.0
"""What is so many times as often as usual is telling."""
_UNORDERED = ("reordered-event", "duplicated-event")


def talks_on(scene: Scene, found: Found) -> Mechanism | None:
    """Events behind the end of what was cancelled or failed; what went on to its end has order."""
    if found.kind != "event-after-end":
        return None
    known = scene.run.history.queries
    after = _concerned(scene, "event-after-end")
    broken = [query for query in after if known[query].ending is not Ending.OK]
    unordered = _concerned(scene, *_UNORDERED)
    if len(broken) < max(SEVERAL, ALMOST_ALL * len(after)) or len(unordered) > SELDOM * len(after):
        return None
    return Mechanism(
        name="a run that was given up talks on",
        because=(
            f"{len(broken)} of {len(after)} answers with events behind their end had been "
            f"cancelled or had failed, and {len(unordered)} others had events out of order"
        ),
    )


def rolled_back_together(scene: Scene, found: Found) -> Mechanism | None:
    """Rows are missing of those behind whose questions somebody else's run failed."""
    if found.kind not in {"lost-row", "half-written"}:
        return None
    lost, failed, usual = scene.once(_next_to_end)
    if not lost or failed < MOST * lost or failed < TWICE * usual * lost:
        return None
    if bounds.share(failed, lost, bounds.HALF)[0] <= usual:
        return None
    if found.kind == "half-written" and not scene.once(_halves_are_lost):
        return None
    return Mechanism(
        name="one transaction shared by overlapping runs",
        because=(
            f"behind {failed} of {lost} questions whose rows are missing the first run that ended "
            f"was another's that failed or was cancelled, where it was behind {usual:.0%} of all: "
            "its rollback took what they had written"
        ),
    )


def _concerned(scene: Scene, *kinds: str) -> frozenset[QueryId]:
    """The queries of the history that findings of these kinds concern."""
    named = {query for each in scene.everything if each.kind in kinds for query in each.queries}
    return frozenset(named & scene.run.history.queries.keys())


def _next_to_end(scene: Scene) -> tuple[int, int, float]:
    """How many answers' rows are lost; behind how many questions the first to end had failed.

    And the share of all answered questions of which that is so.  Only what the platform
    ended itself has an end that is known.
    """
    history = scene.run.history
    ended = sorted(
        (query.over_s, query.id, query.ending is not Ending.OK)
        for query in history.queries.values()
        if query.over_s is not None
        and (query.ending is Ending.OK or query.reason in history.plan.dialect.ends)
    )
    times = [over_s for over_s, _, _ in ended]

    def failed_first(query: Query) -> bool:
        place = bisect.bisect_right(times, query.sent_s)
        return place < len(ended) and ended[place][2] and ended[place][1] != query.id

    lost = [history.queries[query] for query in _concerned(scene, "lost-row")]
    answered = [query for query in history.queries.values() if query.ending is Ending.OK]
    usual = sum(map(failed_first, answered)) / max(1, len(answered))
    return len(lost), sum(map(failed_first, lost)), usual


def _halves_are_lost(scene: Scene) -> bool:
    """Whether rows that go on for ever are mostly of queries whose other rows are missing."""
    half, lost = _concerned(scene, "half-written"), _concerned(scene, "lost-row")
    return len(half & lost) >= MOST * len(half)
