"""What the checks of time share: an indicator's samples under the plan's objectives for it."""

from __future__ import annotations

from collections.abc import Sequence

from isolation_checks.checks.check import Outcome
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import Samples, belonging
from isolation_checks.objectives import limits
from isolation_checks.plan.indicators import INDICATORS, Name
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.objectives import Objective
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.lattice import Verdict, worst
from isolation_checks.verdicts.outcomes import Distribution, ObjectiveOutcome


def asked_in(plan: Plan, indicator: Name) -> str | None:
    """Why a plan does not ask for an indicator, or None where it does: all of them in one line."""
    asked = {objective.indicator for objective in plan.objectives}
    if indicator in asked:
        return None
    others = [each.label for name, each in INDICATORS.items() if name not in asked]
    return f"no objective for {', '.join(others)}"


def asked_of(run: Run, indicator: Name) -> list[Objective]:
    """The plan's objectives for an indicator."""
    return [o for o in run.history.plan.objectives if o.indicator == indicator]


def judged(run: Run, indicator: Name, samples: Samples) -> Outcome:
    """The outcome of an indicator of time under the plan's objectives for it."""
    asked = asked_of(run, indicator)
    outcomes = tuple(
        limits.of_times(
            objective, list(filter(belonging(run.history, objective.cohort), samples.all))
        )
        for objective in asked
    )
    first = next((o for o in asked if o.quantile is not None), asked[0] if asked else None)
    finished = [each.took_s for each in samples.all if each.finished]
    censored = len(samples.all) - len(finished)
    return Outcome(
        examined=len(samples.all),
        unit="samples",
        verdict=worst([outcome.verdict for outcome in outcomes]),
        objectives=outcomes,
        bounded=False,
        times=missed(outcomes),
        note=_apart(samples.apart),
        latency=Distribution(
            phase=indicator,
            label=INDICATORS[indicator].label,
            samples=len(samples.all),
            censored=censored,
            quantiles_s=tuple(bounds.quantiles(finished, censored)),
            limit_s=None if first is None else float(first.limit),
            limit_quantile=None if first is None else first.quantile,
        ),
    )


def missed(outcomes: Sequence[ObjectiveOutcome]) -> int:
    """How many objectives were missed."""
    return sum(outcome.verdict is Verdict.FAIL for outcome in outcomes)


def _apart(number: int) -> str:
    if not number:
        return ""
    return (
        f"{number} were given up while they opened, or were made all at once by us, and are "
        "counted apart"
    )
