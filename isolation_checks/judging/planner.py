"""What the steps of a run say about how many users the platform serves.

What was not measured is refused, not extrapolated.
"""

from __future__ import annotations

from collections.abc import Sequence

from isolation_checks.judging import forecasts, fullness, scaling, steps
from isolation_checks.judging.forecasts import Found, Wanted
from isolation_checks.judging.steps import Held
from isolation_checks.loading.history import History
from isolation_checks.loading.run import Run
from isolation_checks.verdicts.capacity import Bleeding, Capacity, Step
from isolation_checks.verdicts.lattice import Verdict


def capacity(run: Run, held: Sequence[Held], wanted: Wanted | None = None) -> Capacity:
    """What the steps of a run say."""
    history, seen = run.history, steps.seen(run)
    judged = [steps.step(seen, each) for each in held]
    found = _found(judged)
    law, knee, refused = scaling.law(history.plan, judged)
    return Capacity(
        run=history.description["run"],
        target=history.description["target"],
        model=_model(history),
        steps=tuple(judged),
        within=found.within,
        confirmed=found.confirmed,
        breached=found.breached,
        headline=_headline(found, _asked(history, judged, found.within)),
        knee=knee,
        law=law,
        bleeding=_bleeding(judged),
        answers=forecasts.answers(seen, judged, found, wanted or Wanted()),
        refused=tuple(refused),
        kind="search" if any(step.confirms for step in judged) else "steps",
        fullest=fullness.sentences(judged, found.within, found.breached, knee),
        unsampled=fullness.unsampled(history),
    )


def _found(judged: Sequence[Step]) -> Found:
    """The largest load that was borne with all below it, and the smallest that was not.

    A load that was held more than once was borne only if the last time says so.
    """
    last = {step.users: step for step in judged}
    breached = min((n for n, s in last.items() if s.verdict is Verdict.FAIL), default=None)
    borne = [
        n
        for n, s in last.items()
        if s.verdict is Verdict.PASS and (breached is None or n < breached)
    ]
    within = max(borne, default=None)
    return Found(
        within=within,
        confirmed=within is not None and last[within].confirms,
        breached=breached,
    )


def _asked(history: History, judged: Sequence[Step], within: int | None) -> str:
    """How much the users of that load asked, where it is the clock that says so."""
    best = [step.offered for step in judged if step.users == within]
    if history.plan.workload.model == "closed" or not best:
        return ""
    return f", who asked {best[-1]:.3g} queries a second,"


def _headline(found: Found, asked: str) -> str:
    """The answer in a sentence."""
    above = "" if found.breached is None else f"; {found.breached} were too many"
    if found.within is None:
        smallest = "" if found.breached is None else f": {found.breached} were too many already"
        return f"no load was shown to be within every objective{smallest}"
    how = "confirmed at 95 %" if found.confirmed else "each objective at 95 %, not confirmed"
    more = "" if found.breached is not None else "; nothing higher was shown to be too many"
    return f"{found.within} users{asked} within every objective ({how}){above or more}"


def _bleeding(judged: Sequence[Step]) -> Bleeding | None:
    struck = [step for step in judged if step.bleeds]
    if not struck:
        return None
    first = min(struck, key=lambda step: step.users)
    clean = [step for step in judged if not step.bleeds and step.users < first.users]
    last = max(clean, key=lambda step: step.users, default=None)
    rate = None if last is None else last.bleeds_per_thousand
    return Bleeding(
        users=first.users,
        borne=None if last is None else last.users,
        concurrency=first.concurrency,
        below=None if rate is None else rate.upper,
    )


def _model(history: History) -> str:
    workload = history.plan.workload
    if workload.model == "closed":
        return f"closed, {workload.concurrent} at once, pauses {workload.think}"
    return f"{workload.model}, {workload.rate}, {workload.arrivals}"
