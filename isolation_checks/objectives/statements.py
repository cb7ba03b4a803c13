"""An objective in words: its short name, and the sentence that a person would say."""

from __future__ import annotations

from isolation_checks.plan.indicators import INDICATORS
from isolation_checks.plan.tables.objectives import Cohort, Objective

THOUSANDTH = 0.001


def name(objective: Objective) -> str:
    """The objective's short name: `completion p95`."""
    indicator = INDICATORS[objective.indicator]
    at = f" p{objective.quantile * 100:g}" if objective.quantile is not None else ""
    return indicator.label + (at or (" every" if objective.every else ""))


def statement(objective: Objective) -> str:
    """The objective as a person says it: `completion p95 ≤ 5 s, in every 30 s`."""
    indicator, limit = INDICATORS[objective.indicator], float(objective.limit)
    if indicator.kind == "share":
        amount = f"{limit:.3g}" if limit < THOUSANDTH else f"{limit * 100:g} %"
        said = f"{indicator.label} ≤ {amount}"
    elif indicator.kind == "rate":
        said = f"{indicator.label} ≥ {limit:g}/s"
    elif objective.every:
        said = f"{indicator.label}, every ≤ {limit:g} s"
    else:
        said = f"{name(objective)} ≤ {limit:g} s"
    if objective.window is not None:
        said += f", in every {float(objective.window):g} s"
    if objective.cohort is not None:
        said += f", of {_cohort(objective.cohort)}"
    if objective.warm_up:
        said += f", after {float(objective.warm_up):g} s"
    return said


def _cohort(cohort: Cohort) -> str:
    parts = [part for part in (cohort.tenant, cohort.role, cohort.kind) if part]
    if cohort.phase is not None:
        parts.append(f"{cohort.phase.least:g} s to {cohort.phase.most:g} s")
    return ", ".join(parts)
