"""What the steps of a run say about how many users the platform serves.

Every step is judged as a run of its own, by the same bounds; what was not measured is refused,
not extrapolated.  It reads a loaded run, or, while one goes on, its history alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import narwhals.stable.v2 as nw
import numpy as np

from isolation_checks.checks import unplaced
from isolation_checks.history.directory import RunDirectory, read_json
from isolation_checks.judging import objectives
from isolation_checks.judging.capacity import (
    Answer,
    Bleeding,
    Capacity,
    Estimate,
    Law,
    Quantile,
    Step,
)
from isolation_checks.judging.verdict import ObjectiveOutcome, Verdict, worst
from isolation_checks.loading import samples as measured
from isolation_checks.loading.history import History
from isolation_checks.loading.run import Run, records
from isolation_checks.loading.samples import Ended, Sample, belonging
from isolation_checks.plan.indicators import INDICATORS, Name
from isolation_checks.plan.tables.objectives import Objective
from isolation_checks.plan.units import Duration
from isolation_checks.records import NEVER_SENT, Ending, QueryId
from isolation_checks.statistics import bounds, usl

_Due = TypeVar("_Due", Sample, Ended)
TWO_SIDED = 0.975
QUANTILES = (0.5, 0.95, 0.99)
DROWNING = 0.5
"""Where more than this share of the queries goes wrong, a higher load would tell nothing more."""
FEW = 20
CURVE = 60


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a planner wants to know besides."""

    peak: int | None = None
    replicas: int = 1
    think_s: float | None = None


def held(directory: RunDirectory) -> list[Held]:
    """The steps that the driver noted, in their order; none where it held none."""
    steps = []
    for path in sorted((directory.path / "steps").glob("*.json")):
        noted = read_json(path)
        steps.append(msgspec.convert(noted, Held))
    return sorted(steps, key=lambda step: step.number)


def shown(history: History, step: Held) -> tuple[Step, bool]:
    """A step judged while the run goes on, from what was written down; and whether it drowns.

    Objectives that need frames are left for later.
    """
    judged = _step(history, step, frozenset(), {}, {})
    ended = _chosen(measured.endings(history, ())[0], step.from_s, step.to_s)
    wrong = sum(each.wrong for each in ended)
    return judged, len(ended) >= FEW and wrong > DROWNING * len(ended)


def capacity(run: Run, steps: Sequence[Held], wanted: Wanted | None = None) -> Capacity:
    """What the steps of a run say."""
    wanted = wanted or Wanted()
    history = run.history
    unsure = unplaced.unsure(run)
    asked = {objective.indicator for objective in history.plan.objectives}
    sources: dict[Name, Callable[[Run, Collection[QueryId]], measured.Samples]] = {
        "gap": measured.gaps,
        "tool_call": measured.tool_calls,
    }
    framed = {name: source(run, unsure).all for name, source in sources.items() if name in asked}
    bleeds = _bleeds(run)
    judged = [_step(history, step, unsure, framed, bleeds) for step in steps]
    within, confirmed, breached = _within(judged)
    law, knee, refused = _law(history, judged)
    return Capacity(
        run=history.description["run"],
        target=history.description["target"],
        model=_model(history),
        steps=tuple(judged),
        within=within,
        confirmed=confirmed,
        breached=breached,
        headline=_headline(within, confirmed=confirmed, breached=breached),
        knee=knee,
        law=law,
        bleeding=_bleeding(judged),
        answers=_answers(history, judged, within, wanted),
        refused=tuple(refused),
        kind="search" if any(step.confirms for step in judged) else "steps",
    )


def _step(
    history: History,
    step: Held,
    unsure: Collection[QueryId],
    framed: dict[Name, tuple[Sample, ...]],
    bleeds: dict[QueryId | tuple[str, float], float],
) -> Step:
    plan = history.plan
    outcomes = [
        outcome
        for objective in plan.objectives
        if (outcome := _objective(history, step, objective, unsure, framed)) is not None
    ]
    queries = [
        query
        for query in history.queries.values()
        if not query.provoked and step.from_s <= query.due_s < step.to_s
    ]
    sent = [query for query in queries if query.reason not in NEVER_SENT]
    late = [query.sent_s - query.due_s > plan.lag.limit for query in queries]
    share_late = float(np.mean(late)) if late else 0.0
    trusted = share_late <= plan.lag.share
    seconds = step.to_s - step.from_s
    done = sum(
        query.ending is Ending.OK
        and query.done_s is not None
        and step.from_s <= query.done_s < step.to_s
        for query in history.queries.values()
    )
    times = _chosen(measured.completions(history, unsure).all, step.from_s, step.to_s)
    ended = _chosen(measured.endings(history, unsure)[0], step.from_s, step.to_s)
    verdict = worst([outcome.verdict for outcome in outcomes])
    note = ""
    if verdict is Verdict.NOT_ASKED:
        verdict, note = Verdict.UNKNOWN, "no objective could be asked of it"
    if not trusted:
        verdict = Verdict.UNKNOWN
        note = f"the generator did not keep up: {share_late:.0%} of the queries were sent late"
    struck = sum(step.from_s <= at_s < step.to_s for at_s in bleeds.values())
    return Step(
        number=step.number,
        users=step.users,
        confirms=step.confirms,
        from_s=step.from_s,
        to_s=step.to_s,
        verdict=verdict,
        objectives=tuple(outcomes),
        queries=len(queries),
        answered=done,
        unfinished=sum(not each.finished for each in times),
        offered=len(queries) / seconds,
        throughput=_estimate(
            done / seconds,
            bounds.rate(done, seconds, TWO_SIDED),
        ),
        concurrency=_concurrency(history, step),
        completion=tuple(_quantile(times, q) for q in QUANTILES),
        errors=sum(each.wrong for each in ended) / len(ended) if ended else None,
        bleeds=struck,
        bleeds_per_thousand=_per_thousand(struck, len(sent)),
        late=share_late,
        stall_s=max(
            (h.stall_s for h in history.health if step.from_s <= h.at_s < step.to_s), default=0.0
        ),
        trusted=trusted,
        note=note,
    )


def _objective(
    history: History,
    step: Held,
    objective: Objective,
    unsure: Collection[QueryId],
    framed: dict[Name, tuple[Sample, ...]],
) -> ObjectiveOutcome | None:
    """What an objective says of a step; None where the step has no sample that it could be about.

    Those who came for the step connected while it settled: their connects count.
    """
    name = objective.indicator
    whole = msgspec.structs.replace(objective, window=None, warm_up=Duration(0))
    belongs = belonging(history, objective.cohort)
    of_sessions = INDICATORS[name].of == "sessions"
    from_s = step.began_s if of_sessions else step.from_s
    if name in ("error_share", "throughput"):
        ended, _ = measured.endings(history, unsure)
        chosen = list(filter(belongs, _chosen(ended, from_s, step.to_s)))
        return (
            objectives.of_shares(whole, chosen)
            if name == "error_share"
            else objectives.of_rates(whole, chosen)
        )
    if name in measured.FROM_HISTORY:
        samples: Sequence[Sample] = measured.FROM_HISTORY[name](history, unsure).all
    elif name in framed:
        samples = framed[name]
    else:
        return None
    times = list(filter(belongs, _chosen(samples, from_s, step.to_s)))
    return objectives.of_times(whole, times) if times or not of_sessions else None


def _chosen(samples: Sequence[_Due], from_s: float, to_s: float) -> list[_Due]:
    return [each for each in samples if from_s <= each.due_s < to_s]


def _within(steps: Sequence[Step]) -> tuple[int | None, bool, int | None]:
    """The largest load that was borne with all below it, whether confirmed; the least that broke.

    A load that was held more than once was borne only if the last time says so.
    """
    last = {step.users: step for step in steps}
    breached = min((n for n, s in last.items() if s.verdict is Verdict.FAIL), default=None)
    borne = [
        n
        for n, s in last.items()
        if s.verdict is Verdict.PASS and (breached is None or n < breached)
    ]
    within = max(borne, default=None)
    return within, within is not None and last[within].confirms, breached


def _headline(within: int | None, *, confirmed: bool, breached: int | None) -> str:
    above = "" if breached is None else f"; {breached} were too many"
    if within is None:
        smallest = "" if breached is None else f": {breached} were too many already"
        return f"no load was shown to be within every objective{smallest}"
    how = "confirmed at 95 %" if confirmed else "each objective at 95 %, not confirmed"
    more = "" if breached is not None else "; nothing higher was shown to be too many"
    return f"{within} users within every objective ({how}){above or more}"


def _law(history: History, steps: Sequence[Step]) -> tuple[Law | None, Estimate | None, list[str]]:
    """The law over the steps, its knee, and what cannot be said."""
    if history.plan.workload.model != "closed":
        return None, None, ["no scalability law: an open workload gets what it asks for, or breaks"]
    points = [(float(step.users), step.throughput.value) for step in steps if step.trusted]
    points = [point for point in points if point[1] > 0]
    try:
        found = usl.fit([load for load, _ in points], [got for _, got in points])
    except ValueError as error:
        return None, None, [f"no scalability law: {error}"]
    loads = [load for load, _ in points]
    most = max(loads)
    knee, refused = _knee(found, most)
    peak = found.peak
    if peak is not None and peak.value > most:
        refused.append(
            f"the throughput's peak would lie beyond {most:.0f} users, the most that were held"
        )
        peak = None
    elif peak is not None and peak.upper > most:
        refused.append(f"the throughput's peak may lie beyond {most:.0f} users as well")
        peak = usl.Estimate(value=peak.value, lower=peak.lower, upper=most)
    curve = np.linspace(min(loads), most, CURVE)
    law = Law(
        alpha=_of(found.alpha),
        beta=_of(found.beta),
        gamma=_of(found.gamma),
        explained=found.explained,
        points=tuple(points),
        curve=tuple((float(load), found.at(load)) for load in curve),
        peak=None if peak is None else _of(peak),
        ceiling=found.ceiling if knee is not None and np.isfinite(found.ceiling) else None,
    )
    return law, knee, refused


def _knee(found: usl.Fit, most: float) -> tuple[Estimate | None, list[str]]:
    """Where undisturbed users would reach the most throughput, if that lies among the steps."""
    if found.knee is None or found.knee.value > most:
        return None, [f"a knee was not seen: up to {most:.0f} users throughput still grows"]
    knee = _of(found.knee)
    if knee.upper > most:
        return msgspec.structs.replace(knee, upper=most), [
            f"the knee may lie beyond {most:.0f} users as well, the most that were held"
        ]
    return knee, []


def _answers(
    history: History, steps: Sequence[Step], within: int | None, wanted: Wanted
) -> tuple[Answer, ...]:
    answers = []
    last = {step.users: step for step in steps}
    best = last[within] if within is not None else None
    most = max((step.users for step in steps), default=0)
    if wanted.peak is not None:
        asks = f"is there room for a peak of {wanted.peak} users?"
        if within is None:
            said = "nothing is known to be within every objective"
        elif within >= wanted.peak:
            said = f"yes: {within / wanted.peak - 1:.0%} more than that are within every objective"
        elif wanted.peak <= most:
            said = f"no: {wanted.peak / within - 1:.0%} more than was shown to be within"
        else:
            said = f"not shown: {wanted.peak} users were never driven, at most {most} were"
        room = None if within is None else Estimate(value=within, lower=within, upper=within)
        answers.append(Answer(asks=asks, users=room, because=said))
    if best is not None:
        answers.append(_with_a_replica(best, wanted.replicas))
    if best is not None and wanted.think_s is not None:
        answers.append(_with_pauses(history, best, wanted.think_s))
    return tuple(answers)


def _with_a_replica(best: Step, replicas: int) -> Answer:
    more = best.users * (replicas + 1) / replicas
    return Answer(
        asks=f"what would one more replica give, {replicas + 1} instead of {replicas}?",
        users=Estimate(value=more, lower=best.users, upper=more),
        because=f"between nothing and its full share: {best.users} to {more:.0f} users",
        assumes=(
            "replicas share nothing that is full: no database, no lock, no quota of a model",
            "users are spread over them evenly",
        ),
    )


def _with_pauses(history: History, best: Step, think_s: float) -> Answer:
    """By Little's law: the same throughput, from users who pause otherwise."""
    asks = f"what if users paused {think_s:g} s between queries?"
    if history.plan.workload.model != "closed":
        return Answer(asks=asks, users=None, because="in an open workload nobody waits for pauses")
    times = [
        each.took_s
        for each in _chosen(measured.completions(history, frozenset()).all, best.from_s, best.to_s)
        if each.finished
    ]
    if not times:
        return Answer(asks=asks, users=None, because="no answer was timed")
    took = float(np.mean(times))
    now = history.plan.workload.think.mean
    users = best.users * (took + think_s) / (took + now)
    return Answer(
        asks=asks,
        users=Estimate(value=users, lower=users, upper=users),
        because=(
            f"{best.throughput.value:.3g} answers a second of {took:.2f} s each are served either "
            f"way, now with pauses of {now:.2f} s"
        ),
        assumes=(
            "what fills the platform is queries, not open sessions",
            "Little's law: users = throughput × (response time + pause)",
        ),
    )


def _bleeds(run: Run) -> dict[QueryId | tuple[str, float], float]:
    """When words of another's were received: once for each query during which they were."""
    seen = run.sightings.filter(
        nw.col("foreign") & ~nw.col("identity") & nw.col("channel").is_in(("frame", "http"))
    )
    struck: dict[QueryId | tuple[str, float], float] = {}
    for sighting in records(seen.select("query", "principal", "at_s"), "at_s"):
        if sighting["at_s"] is None:
            continue
        named = sighting["query"]
        key = QueryId(named) if named else (sighting["principal"], sighting["at_s"])
        struck.setdefault(key, sighting["at_s"])
    return struck


def _bleeding(steps: Sequence[Step]) -> Bleeding | None:
    struck = [step for step in steps if step.bleeds]
    if not struck:
        return None
    first = min(struck, key=lambda step: step.users)
    clean = [step.users for step in steps if not step.bleeds and step.users < first.users]
    return Bleeding(
        users=first.users, borne=max(clean, default=None), concurrency=first.concurrency
    )


def _concurrency(history: History, step: Held) -> float:
    """Queries open at a time, on average: the time that they were, over the step's."""
    total = 0.0
    for query in history.queries.values():
        if query.reason in NEVER_SENT:
            continue
        over = step.to_s if query.over_s is None else query.over_s
        total += max(0.0, min(over, step.to_s) - max(query.sent_s, step.from_s))
    return total / (step.to_s - step.from_s)


def _quantile(times: Sequence[Sample], q: float) -> Quantile:
    found = bounds.quantile(
        [each.took_s for each in times if each.finished],
        [each.took_s for each in times if not each.finished],
        q,
    )
    return Quantile(q=q, measured=found.measured, lower=found.lower, upper=found.upper)


def _per_thousand(struck: int, queries: int) -> Estimate | None:
    if not queries:
        return None
    lower, upper = bounds.share(min(struck, queries), queries, TWO_SIDED)
    return Estimate(value=1000 * struck / queries, lower=1000 * lower, upper=1000 * upper)


def _model(history: History) -> str:
    workload = history.plan.workload
    if workload.model == "closed":
        return f"closed, {workload.concurrent} at once, pauses {workload.think}"
    return f"{workload.model}, {workload.rate}, {workload.arrivals}"


def _estimate(value: float, of: tuple[float, float]) -> Estimate:
    return Estimate(value=value, lower=of[0], upper=of[1])


def _of(found: usl.Estimate) -> Estimate:
    return Estimate(value=found.value, lower=found.lower, upper=found.upper)
