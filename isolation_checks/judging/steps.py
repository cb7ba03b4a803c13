"""One step of a climb, judged as a run of its own by the same bounds.

It reads a loaded run, or, while one goes on, its history alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import narwhals.stable.v2 as nw
import numpy as np

from isolation_checks.checks import unplaced
from isolation_checks.history.directory import RunDirectory, read_json
from isolation_checks.loading import samples as measured
from isolation_checks.loading.history import History
from isolation_checks.loading.run import Run, records
from isolation_checks.loading.samples import Ended, Sample, belonging
from isolation_checks.objectives import limits
from isolation_checks.plan.indicators import INDICATORS, Name
from isolation_checks.plan.tables.objectives import Objective
from isolation_checks.plan.units import Duration
from isolation_checks.records import NEVER_SENT, Ending, QueryId
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.capacity import Estimate, Quantile, Step, Used
from isolation_checks.verdicts.lattice import Verdict, worst
from isolation_checks.verdicts.outcomes import ObjectiveOutcome

_Due = TypeVar("_Due", Sample, Ended)
TWO_SIDED = 0.975
QUANTILES = (0.5, 0.95, 0.99)
DROWNING = 0.5
"""Where more than this share of the queries goes wrong, a higher load would tell nothing more."""
FEW = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A stretch in which the load was held, in seconds of the run."""

    number: int
    users: int
    confirms: bool
    began_s: float
    """When users began to come or go for it."""
    from_s: float
    to_s: float


def held(directory: RunDirectory) -> list[Held]:
    """The steps that the driver noted, in their order; none where it held none."""
    steps = []
    for path in sorted((directory.path / "steps").glob("*.json")):
        noted = read_json(path)
        steps.append(msgspec.convert(noted, Held))
    return sorted(steps, key=lambda step: step.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a whole run showed, looked at once for all of its steps."""

    history: History
    ended: Sequence[Ended]
    times: Mapping[Name, Sequence[Sample]]
    poor: frozenset[QueryId]
    """Queries that took longer than an objective's limit."""
    struck: Sequence[float]
    """When words of another's were received: once for each query during which they were."""


def seen(run: Run) -> Seen:
    """All that a loaded run shows."""
    unsure = unplaced.unsure(run)
    sources: dict[Name, Callable[[Run, Collection[QueryId]], measured.Samples]] = {
        "gap": measured.gaps,
        "tool_call": measured.tool_calls,
    }
    asked = {objective.indicator for objective in run.history.plan.objectives}
    framed = {name: source(run, unsure).all for name, source in sources.items() if name in asked}
    return _seen(run.history, unsure, framed, _struck(run))


def shown(history: History, held: Held) -> tuple[Step, bool]:
    """A step judged while the run goes on, from what was written down; and whether it drowns.

    Objectives that need frames are left for later.
    """
    so_far = _seen(history, frozenset(), {}, ())
    ended = _chosen(so_far.ended, held.from_s, held.to_s)
    wrong = sum(each.wrong for each in ended)
    return step(so_far, held), len(ended) >= FEW and wrong > DROWNING * len(ended)


def _seen(
    history: History,
    unsure: Collection[QueryId],
    framed: Mapping[Name, Sequence[Sample]],
    struck: Sequence[float],
) -> Seen:
    times: dict[Name, Sequence[Sample]] = {
        name: source(history, unsure).all for name, source in measured.FROM_HISTORY.items()
    }
    times.update(framed)
    return Seen(
        history=history,
        ended=measured.endings(history, unsure)[0],
        times=times,
        poor=_poor(history, times),
        struck=struck,
    )


def _poor(history: History, times: Mapping[Name, Sequence[Sample]]) -> frozenset[QueryId]:
    """The queries of which anything took longer than an objective on it allows."""
    poor: set[QueryId] = set()
    for objective in history.plan.objectives:
        if INDICATORS[objective.indicator].kind != "duration":
            continue
        belongs, limit = belonging(history, objective.cohort), float(objective.limit)
        poor.update(
            each.query
            for each in times.get(objective.indicator, ())
            if each.query is not None and each.took_s > limit and belongs(each)
        )
    return frozenset(poor)


def _struck(run: Run) -> tuple[float, ...]:
    bled = run.sightings.filter(
        nw.col("foreign") & ~nw.col("identity") & nw.col("channel").is_in(("frame", "http"))
    )
    first: dict[QueryId | tuple[str, float], float] = {}
    for sighting in records(bled.select("query", "principal", "at_s"), "at_s"):
        if sighting["at_s"] is None:
            continue
        named = sighting["query"]
        key = QueryId(named) if named else (sighting["principal"], sighting["at_s"])
        first.setdefault(key, sighting["at_s"])
    return tuple(first.values())


def step(seen: Seen, held: Held) -> Step:
    """What one step shows."""
    history, plan = seen.history, seen.history.plan
    outcomes = [
        outcome
        for objective in plan.objectives
        if (outcome := _objective(seen, held, objective)) is not None
    ]
    queries = [
        query for query in measured.counted(history) if held.from_s <= query.due_s < held.to_s
    ]
    late = [query.sent_s - query.due_s > plan.lag.limit for query in queries]
    share_late = float(np.mean(late)) if late else 0.0
    trusted = share_late <= plan.lag.share
    answered = [
        query
        for query in measured.counted(history)
        if query.ending is Ending.OK
        and query.done_s is not None
        and held.from_s <= query.done_s < held.to_s
    ]
    own = sum(history.principals[query.principal].role == "user" for query in answered)
    times = _chosen(seen.times["completion"], held.from_s, held.to_s)
    ended = _chosen(seen.ended, held.from_s, held.to_s)
    verdict = worst([outcome.verdict for outcome in outcomes])
    note = ""
    if verdict is Verdict.NOT_ASKED:
        verdict, note = Verdict.UNKNOWN, "no objective could be asked of it"
    if not trusted:
        verdict = Verdict.UNKNOWN
        note = f"the generator did not keep up: {share_late:.0%} of the queries were sent late"
    struck = sum(held.from_s <= at_s < held.to_s for at_s in seen.struck)
    seconds = held.to_s - held.from_s
    return Step(
        number=held.number,
        users=held.users,
        confirms=held.confirms,
        from_s=held.from_s,
        to_s=held.to_s,
        verdict=verdict,
        objectives=tuple(outcomes),
        queries=len(queries),
        answered=len(answered),
        unfinished=sum(not each.finished for each in times),
        offered=len(queries) / seconds,
        throughput=_rate(len(answered), seconds),
        goodput=_rate(sum(query.id not in seen.poor for query in answered), seconds),
        own=_rate(own, seconds),
        concurrency=_concurrency(history, held),
        completion=tuple(_quantile(times, q) for q in QUANTILES),
        errors=sum(each.wrong for each in ended) / len(ended) if ended else None,
        bleeds=struck,
        bleeds_per_thousand=_per_thousand(struck, _sent(history, held)),
        late=share_late,
        stall_s=max(
            (h.stall_s for h in history.health if held.from_s <= h.at_s < held.to_s), default=0.0
        ),
        trusted=trusted,
        note=note,
        resources=_used(history, held),
    )


def _objective(seen: Seen, held: Held, objective: Objective) -> ObjectiveOutcome | None:
    """What an objective says of a step; None where the step has no sample that it could be about.

    Those who came for the step connected while it settled: their connects count.
    """
    name = objective.indicator
    whole = msgspec.structs.replace(objective, window=None, warm_up=Duration(0))
    belongs = belonging(seen.history, objective.cohort)
    of_sessions = INDICATORS[name].of == "sessions"
    from_s = held.began_s if of_sessions else held.from_s
    if name in ("error_share", "throughput"):
        chosen = list(filter(belongs, _chosen(seen.ended, from_s, held.to_s)))
        return (
            limits.of_shares(whole, chosen)
            if name == "error_share"
            else limits.of_rates(whole, chosen)
        )
    if name not in seen.times:
        return None
    times = list(filter(belongs, _chosen(seen.times[name], from_s, held.to_s)))
    return limits.of_times(whole, times) if times or not of_sessions else None


def _chosen(samples: Sequence[_Due], from_s: float, to_s: float) -> list[_Due]:
    return [each for each in samples if from_s <= each.due_s < to_s]


def _used(history: History, held: Held) -> tuple[Used, ...]:
    """How much of each sampled resource was in use during the step."""
    used = []
    for series in history.resources.series:
        mean = series.mean(held.from_s, held.to_s)
        peak = series.peak(held.from_s, held.to_s)
        if mean is not None and peak is not None:
            used.append(
                Used(
                    source=series.source,
                    resource=series.resource,
                    unit=series.unit,
                    mean=mean,
                    peak=peak,
                    most=series.most,
                )
            )
    return tuple(used)


def _concurrency(history: History, held: Held) -> float:
    """Queries open at a time, on average: the time that they were, over the step's."""
    total = 0.0
    for query in history.queries.values():
        if query.reason in NEVER_SENT:
            continue
        over = held.to_s if query.over_s is None else query.over_s
        total += max(0.0, min(over, held.to_s) - max(query.sent_s, held.from_s))
    return total / (held.to_s - held.from_s)


def _quantile(times: Sequence[Sample], q: float) -> Quantile:
    found = bounds.quantile(
        [each.took_s for each in times if each.finished],
        [each.took_s for each in times if not each.finished],
        q,
    )
    return Quantile(q=q, measured=found.measured, lower=found.lower, upper=found.upper)


def _rate(events: int, seconds: float) -> Estimate:
    lower, upper = bounds.rate(events, seconds, TWO_SIDED)
    return Estimate(value=events / seconds, lower=lower, upper=upper)


def _sent(history: History, held: Held) -> int:
    """How many queries the platform was asked, those that we cut off on purpose too."""
    return sum(
        held.from_s <= query.due_s < held.to_s and query.reason not in NEVER_SENT
        for query in history.queries.values()
    )


def _per_thousand(struck: int, queries: int) -> Estimate | None:
    """Of a thousand queries, during how many words of another's came; at most during all."""
    if not queries:
        return None
    struck = min(struck, queries)  # words that came during none are counted, too
    lower, upper = bounds.share(struck, queries, TWO_SIDED)
    return Estimate(value=1000 * struck / queries, lower=1000 * lower, upper=1000 * upper)
