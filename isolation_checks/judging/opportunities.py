"""How often bleeding of each class could have shown, how often it did, and what that bounds.

Every class has a bound of its own; none is ever pooled with another's.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Check, Found, Outcome
from isolation_checks.checks.control_found import control_found
from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.checks.foreign_row import foreign_row
from isolation_checks.judging.chances import Bleed, Scene, open_at
from isolation_checks.judging.classes import CLASSES, OVERLAP, Class
from isolation_checks.loading.run import Run, records
from isolation_checks.records import PrincipalId, QueryId, SessionId
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.outcomes import Opportunity

_Outcomes = list[tuple[Check, Outcome]]
_Place = tuple[str, int]
ROWS = "row"
"""The class of rows, whose chances the check of rows counts."""


def of(run: Run, outcomes: _Outcomes) -> tuple[Opportunity, ...]:
    """The classes that the plan asks for, the one that decides first."""
    scene = Scene(run)
    bleeds = list(_bleeds(scene, outcomes))
    said = {check.name: outcome for check, outcome in outcomes}
    wire = foreign_canary_in_a_frame.name in said
    asked = (each for each in CLASSES if each is OVERLAP or (wire and each.asked(run.history.plan)))
    on_the_wire, in_rows = _detection(said, "frame"), _detection(said, ROWS)
    found = [_opportunity(scene, each, bleeds, on_the_wire) for each in asked]
    if foreign_row.name in said:
        found.append(_rows(said[foreign_row.name], bleeds, in_rows))
    return tuple(found)


def _detection(said: Mapping[str, Outcome], channel: str) -> float | None:
    """Which share of a channel's breaks is found at least: 0 unless it was shown.

    None: the control was not asked for, and all are taken to be found.
    """
    outcome = said.get(control_found.name)
    if outcome is None:
        return None
    measured = outcome.control.detection if outcome.control is not None else ()
    return next((each.lower for each in measured if each.channel == channel), 0.0)


def _opportunity(
    scene: Scene, each: Class, bleeds: list[Bleed], detection: float | None
) -> Opportunity:
    plan = scene.run.history.plan.isolation
    counted = Counter(each.chances(scene))
    count, users = counted.total(), list(counted.values())
    seen = sum(bleed.channel != ROWS and each.holds(scene, bleed) for bleed in bleeds)
    wanted = plan.bound if each is OVERLAP else None
    effect = bounds.design_effect(users, plan.correlation)
    alike = count / bounds.design_effect(users, 1.0)
    return Opportunity(
        name=each.name,
        meaning=each.meaning,
        count=count,
        seen=seen,
        bound=None if seen else _bound(count / effect, detection),
        wanted=wanted,
        needed=_needed(wanted, count, effect, detection),
        users=len(counted),
        alike=None if seen else _bound(alike, detection),
        detection=detection,
    )


def _needed(wanted: float | None, count: int, effect: float, detection: float | None) -> int | None:
    """How many more would do; None where no more are needed, or no number would do."""
    if wanted is None or detection == 0:
        return None
    missing = math.ceil(bounds.needed_unfound(wanted, detection) * effect) - count
    return missing if missing > 0 else None


def _bound(opportunities: float, detection: float | None) -> float | None:
    return None if detection == 0 else bounds.none_found(opportunities, detection)


def _rows(outcome: Outcome, bleeds: list[Bleed], detection: float | None) -> Opportunity:
    seen = sum(bleed.channel == ROWS for bleed in bleeds)
    return Opportunity(
        name=ROWS,
        meaning="a row that is this run's by its words, its query or its conversation, and whose "
        "owner is known",
        count=outcome.examined,
        seen=seen,
        bound=None if seen else _bound(outcome.examined, detection),
        wanted=None,
        needed=None,
        detection=detection,
    )


def _bleeds(scene: Scene, outcomes: _Outcomes) -> Iterator[Bleed]:
    """Every place at which a check of isolation found something: once, whoever found it."""
    found: dict[_Place, Found] = {}
    for check, outcome in outcomes:
        for each in outcome.found if check.part == "isolation" else ():
            for place in each.places:
                found.setdefault(place, each)
    frames = _there(scene.run, found)
    planted = _planted(scene.run) if frames else {}
    for place, each in found.items():
        if each.victim is None or each.recipient is None:
            continue
        frame = frames.get(place)
        if frame is None:
            yield Bleed(channel=each.channel, victim=each.victim, recipient=each.recipient)
            continue
        queries = scene.run.history.queries
        theirs = planted.get(place) or frame["label_query"]
        session = SessionId(frame["session"])
        placed = queries.get(QueryId(frame["query"] or ""))
        during = (q for q in scene.by_session.get(session, ()) if open_at(q, frame["at_s"]))
        yield Bleed(
            channel=each.channel,
            victim=each.victim,
            recipient=PrincipalId(frame["principal"]),
            at_s=frame["at_s"],
            session=session,
            conversation=frame["conversation"],
            own=placed or next(during, None),
            theirs=queries.get(QueryId(theirs or "")),
        )


def _there(run: Run, found: dict[_Place, Found]) -> dict[_Place, dict[str, Any]]:
    """The frames at these places."""
    wanted: dict[str, list[int]] = {}
    for stream, index in found:
        if stream.startswith("history/"):
            wanted.setdefault(stream, []).append(index)
    frames: dict[_Place, dict[str, Any]] = {}
    for stream, indexes in wanted.items():
        own = (nw.col("stream") == stream) & nw.col("index").is_in(sorted(indexes))
        frames |= {(stream, frame["index"]): frame for frame in records(run.frames.filter(own))}
    return frames


def _planted(run: Run) -> dict[_Place, QueryId]:
    """With which queries the foreign words were given that stand in frames."""
    foreign = run.sightings.filter(nw.col("foreign") & ~nw.col("planted_query").is_null())
    told = records(foreign.select("stream", "index", "planted_query"))
    return {(each["stream"], each["index"]): QueryId(each["planted_query"]) for each in told}
