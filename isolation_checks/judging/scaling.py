"""How throughput grows with the load, and where it stops: the law, drawn over what was held.

What lies beyond the loads that were held is refused, not extrapolated.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from isolation_checks.plan.model import Plan
from isolation_checks.statistics import usl
from isolation_checks.verdicts.capacity import Estimate, Law, Step

CURVE = 60


def law(plan: Plan, steps: Sequence[Step]) -> tuple[Law | None, Estimate | None, list[str]]:
    """The law over the steps, its knee, and what cannot be said."""
    if plan.workload.model != "closed":
        return None, None, ["no scalability law: an open workload gets what it asks for, or breaks"]
    held = [step for step in steps if step.trusted and step.own.value > 0]
    points = [(float(step.users), step.own.value) for step in held]
    try:
        found = usl.fit([load for load, _ in points], [got for _, got in points])
    except ValueError as error:
        return None, None, [f"no scalability law: {error}"]
    loads = [load for load, _ in points]
    most = max(loads)
    knee, refused = _knee(found, most)
    peak, unsure = _peak(found, held, most)
    refused += unsure
    besides = float(np.mean([step.throughput.value - step.own.value for step in held]))
    curve = np.linspace(min(loads), most, CURVE)
    fitted = Law(
        alpha=_of(found.alpha),
        beta=_of(found.beta),
        gamma=_of(found.gamma),
        explained=found.explained,
        points=tuple(points),
        curve=tuple((float(load), found.at(load) + besides) for load in curve),
        peak=peak,
        ceiling=found.ceiling if knee is not None and np.isfinite(found.ceiling) else None,
    )
    return fitted, knee, refused


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


def _peak(found: usl.Fit, held: Sequence[Step], most: float) -> tuple[Estimate | None, list[str]]:
    """Where most is got through, if it was seen to fall behind that.

    A law bends down to meet what is level, and would have a peak where there is none.
    """
    peak = found.peak
    if peak is None:
        return None, []
    last = max(held, key=lambda step: step.users)
    if max(step.own.lower for step in held) <= last.own.upper:
        return None, [
            f"no peak of the throughput was seen: up to {most:.0f} users it does not fall"
        ]
    if peak.value > most:
        return None, [
            f"the throughput's peak would lie beyond {most:.0f} users, the most that were held"
        ]
    if peak.upper > most:
        return msgspec.structs.replace(_of(peak), upper=most), [
            f"the throughput's peak may lie beyond {most:.0f} users as well"
        ]
    return _of(peak), []


def _of(found: usl.Estimate) -> Estimate:
    return Estimate(value=found.value, lower=found.lower, upper=found.upper)
