"""What the checks of time share: samples of an indicator against its objectives.

It judges by exact order statistics, with unfinished samples censored, never dropped.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from isolation_checks.checks.check import Outcome
from isolation_checks.judging.verdict import Distribution, ObjectiveOutcome, Verdict, worst
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.objectives import Objective
from isolation_checks.records import QueryId, Reason
from isolation_checks.statistics import bounds

Indicator = Literal["completion", "first_event", "connect"]
OURS = (Reason.NOT_SENT, Reason.GIVEN_UP)
"""Ends that we made ourselves: how long such a query took says nothing of the platform."""
LABELS = {"completion": "completion", "first_event": "first event", "connect": "connect"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Durations in seconds; the unfinished ones as far as they had got."""

    finished: list[float]
    unfinished: list[float]


def waited(query: Query, unsure: Container[QueryId]) -> float:
    """How long an unfinished query certainly took.

    Nothing is certain where its answer may be among frames that could not be tied to any.
    """
    if query.id in unsure:
        return 0.0
    return (query.over_s if query.over_s is not None else query.sent_s) - query.due_s


def asked_in(plan: Plan, indicator: str) -> str | None:
    """Why a plan does not ask for an indicator, or None where it does."""
    asked = any(objective.indicator == indicator for objective in plan.objectives)
    return None if asked else f"{LABELS.get(indicator, indicator)}: no objective"


def judged(run: Run, indicator: Indicator, samples: Samples) -> Outcome:
    """The outcome of an indicator under the plan's objectives for it."""
    objectives = [o for o in run.history.plan.objectives if o.indicator == indicator]
    outcomes = tuple(_judge(objective, samples) for objective in objectives)
    first = next((o for o in objectives if o.quantile is not None), objectives[0])
    return Outcome(
        examined=len(samples.finished) + len(samples.unfinished),
        unit="samples",
        verdict=worst([outcome.verdict for outcome in outcomes]),
        objectives=outcomes,
        bounded=False,
        times=sum(outcome.verdict is Verdict.FAIL for outcome in outcomes),
        latency=Distribution(
            phase=indicator,
            label=LABELS[indicator],
            samples=len(samples.finished) + len(samples.unfinished),
            censored=len(samples.unfinished),
            quantiles_s=tuple(bounds.quantiles(samples.finished, len(samples.unfinished))),
            limit_s=float(first.limit),
            limit_quantile=first.quantile,
        ),
    )


def _judge(objective: Objective, samples: Samples) -> ObjectiveOutcome:
    if objective.quantile is None:
        return _every(objective, samples)
    limit, q = float(objective.limit), objective.quantile
    measured = bounds.quantile(samples.finished, samples.unfinished, q)
    needed = None
    if measured.upper is not None and measured.upper <= limit:
        verdict, note = Verdict.PASS, ""
    elif measured.lower is not None and measured.lower > limit:
        verdict, note = Verdict.FAIL, ""
    else:
        verdict = Verdict.UNKNOWN
        fewest = bounds.samples_for(q)
        if measured.samples < fewest:
            needed, note = fewest, f"too few samples: {fewest} would do if none exceeds"
        else:
            note = "the limit lies within the interval: more samples would tell"
    return ObjectiveOutcome(
        name=f"{LABELS[objective.indicator]} p{q * 100:g}",
        indicator=objective.indicator,
        statement=f"{LABELS[objective.indicator]} p{q * 100:g} ≤ {limit:g} s",
        verdict=verdict,
        unit="s",
        limit=limit,
        measured=measured.measured,
        lower=measured.lower,
        upper=measured.upper,
        samples=measured.samples,
        censored=measured.censored,
        needed=needed,
        note=_quoting(objective, verdict, note),
    )


def _every(objective: Objective, samples: Samples) -> ObjectiveOutcome:
    """A statement about this run's samples: each was within the limit."""
    limit = float(objective.limit)
    everyone = samples.finished + samples.unfinished
    slow = [seconds for seconds in everyone if seconds > limit]
    if slow:
        verdict, note = Verdict.FAIL, f"{len(slow)} of {len(everyone)} took longer"
    elif not everyone:
        verdict, note = Verdict.UNKNOWN, "there were none"
    elif samples.unfinished:
        verdict, note = Verdict.UNKNOWN, f"{len(samples.unfinished)} never finished"
    else:
        verdict, note = Verdict.PASS, ""
    return ObjectiveOutcome(
        name=f"{LABELS[objective.indicator]} every",
        indicator=objective.indicator,
        statement=f"{LABELS[objective.indicator]}, every ≤ {limit:g} s",
        verdict=verdict,
        unit="s",
        limit=limit,
        measured=max(everyone) if everyone and not samples.unfinished else None,
        lower=None,
        upper=None,
        samples=len(everyone),
        censored=len(samples.unfinished),
        note=_quoting(objective, verdict, note),
    )


def _quoting(objective: Objective, verdict: Verdict, note: str) -> str:
    if objective.agreement is None or verdict is not Verdict.FAIL:
        return note
    return f"SLA breach: {objective.agreement}" + (f"; {note}" if note else "")
