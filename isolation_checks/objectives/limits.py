"""What an objective says of its samples: met, missed, or too few to tell.

Pure functions of samples and the plan's objective: which samples it is about, in which
stretches of the run, and what those say together.  One stretch is `objectives.stretch`'s affair.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

from isolation_checks.loading.samples import Ended, Sample
from isolation_checks.objectives import statements, stretch
from isolation_checks.objectives.stretch import Said
from isolation_checks.plan.indicators import INDICATORS, Kind
from isolation_checks.plan.tables.objectives import Objective
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.lattice import Verdict, worst
from isolation_checks.verdicts.outcomes import ObjectiveOutcome, Window

UNITS: dict[Kind, str] = {"duration": "s", "rate": "per_s", "share": "share"}


def of_times(objective: Objective, samples: Sequence[Sample]) -> ObjectiveOutcome:
    """An objective on a time, under the samples that it is about."""
    chosen = [each for each in samples if each.due_s >= objective.warm_up]
    stretches = _stretches(objective, [each.due_s for each in chosen])
    confidence = 1 - (1 - bounds.CONFIDENCE) / max(1, len(stretches))
    said = [
        stretch.of_times(objective, [s for s in chosen if a <= s.due_s < b], confidence)
        for a, b in stretches
    ]
    return _outcome(objective, stretches, said or [stretch.of_times(objective, chosen, confidence)])


def of_shares(objective: Objective, ended: Sequence[Ended], apart: int = 0) -> ObjectiveOutcome:
    """An objective on the share of queries that ended badly."""
    chosen = [each for each in ended if each.due_s >= objective.warm_up]
    stretches = _stretches(objective, [each.due_s for each in chosen])
    confidence = 1 - (1 - bounds.CONFIDENCE) / max(1, len(stretches))
    said = [
        stretch.of_share(objective, [e for e in chosen if a <= e.due_s < b], 0, confidence)
        for a, b in stretches
    ]
    return _outcome(
        objective, stretches, said or [stretch.of_share(objective, chosen, apart, confidence)]
    )


def of_rates(objective: Objective, ended: Sequence[Ended]) -> ObjectiveOutcome:
    """An objective on answers a second, from when the first was due until the last was.

    Where fewer were asked for than the objective wants, the platform cannot have missed it.
    """
    chosen = [each for each in ended if each.due_s >= objective.warm_up]
    dues = [each.due_s for each in chosen]
    whole = [(min(dues), max(dues))] if dues else []
    stretches = _stretches(objective, dues) or whole
    confidence = 1 - (1 - bounds.CONFIDENCE) / max(1, len(stretches))
    said = [
        stretch.of_rate(objective, chosen, max(a, min(dues)), b, confidence) for a, b in stretches
    ]
    shown = stretches if objective.window is not None else []
    none = Said(verdict=Verdict.UNKNOWN, samples=0, note="no query was answered")
    return _outcome(objective, shown, said or [none])


def _stretches(objective: Objective, dues: Sequence[float]) -> list[tuple[float, float]]:
    """The windows, from the first sample on; what is left over belongs to the last."""
    if objective.window is None or not dues:
        return []
    first, length = min(dues), float(objective.window)
    number = max(1, int((max(dues) - first) / length))
    edges = [first + length * place for place in range(number)] + [math.inf]
    return list(itertools.pairwise(edges))


def _outcome(
    objective: Objective, stretches: Sequence[tuple[float, float]], said: Sequence[Said]
) -> ObjectiveOutcome:
    """What was said of every stretch, as one: the worst of them is shown."""
    indicator = INDICATORS[objective.indicator]
    verdict = worst([each.verdict for each in said])
    shown = _worst(objective, [each for each in said if each.verdict is verdict])
    if len(said) > 1:
        as_bad = sum(each.verdict is verdict for each in said)
        where = f"{as_bad} of {len(said)} windows" if verdict is not Verdict.PASS else ""
        shown = replace(shown, note="; ".join(filter(None, (where, shown.note))))
    note = shown.note
    if objective.agreement is not None and verdict is Verdict.FAIL:
        note = f"SLA breach: {objective.agreement}" + (f"; {note}" if note else "")
    return ObjectiveOutcome(
        name=statements.name(objective),
        indicator=objective.indicator,
        statement=statements.statement(objective),
        verdict=verdict,
        unit=UNITS[indicator.kind],  # type: ignore[arg-type] # one of the three
        limit=float(objective.limit),
        measured=shown.measured,
        lower=shown.lower,
        upper=shown.upper,
        samples=shown.samples,
        censored=shown.censored,
        needed=shown.needed,
        note=note,
        meaning=indicator.meaning,
        advice=indicator.advice,
        windows=tuple(
            Window(
                from_s=a,
                to_s=b if math.isfinite(b) else None,
                verdict=each.verdict,
                measured=each.measured,
                lower=each.lower,
                upper=each.upper,
                samples=each.samples,
            )
            for (a, b), each in zip(stretches, said, strict=False)
        ),
    )


def _worst(objective: Objective, said: Sequence[Said]) -> Said:
    """The stretch with the largest value, or of a rate the smallest; nothing finite is worse."""
    rate = INDICATORS[objective.indicator].kind == "rate"

    def badness(each: Said) -> float:
        if each.measured is None:
            return math.inf if each.samples else -math.inf
        return -each.measured if rate else each.measured

    return max(said, key=badness)
