"""What an objective says of its samples: met, missed, or too few to tell.

Exact order statistics with unfinished samples censored, never dropped; pure functions of
samples and the plan's objective.  Our own lateness lengthens what is measured and its upper
bound, and never the lower one: it may keep a platform from passing, and never makes it fail.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from isolation_checks.judging.verdict import ObjectiveOutcome, Verdict, Window, worst
from isolation_checks.loading.samples import Ended, Sample
from isolation_checks.plan.indicators import INDICATORS, Kind
from isolation_checks.plan.tables.objectives import Cohort, Objective
from isolation_checks.statistics import bounds

UNITS: dict[Kind, str] = {"duration": "s", "rate": "per_s", "share": "share"}
THOUSANDTH = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What is said of one stretch of the run."""

    verdict: Verdict
    samples: int
    measured: float | None = None
    lower: float | None = None
    upper: float | None = None
    censored: int = 0
    needed: int | None = None
    note: str = ""


def of_times(objective: Objective, samples: Sequence[Sample]) -> ObjectiveOutcome:
    """An objective on a time, under the samples that it is about."""
    chosen = [each for each in samples if each.due_s >= objective.warm_up]
    stretches = _stretches(objective, [each.due_s for each in chosen])
    confidence = 1 - (1 - bounds.CONFIDENCE) / max(1, len(stretches))
    said = [
        _times(objective, [s for s in chosen if a <= s.due_s < b], confidence) for a, b in stretches
    ]
    return _outcome(objective, stretches, said or [_times(objective, chosen, confidence)])


def of_shares(objective: Objective, ended: Sequence[Ended], apart: int = 0) -> ObjectiveOutcome:
    """An objective on the share of queries that ended badly."""
    chosen = [each for each in ended if each.due_s >= objective.warm_up]
    stretches = _stretches(objective, [each.due_s for each in chosen])
    confidence = 1 - (1 - bounds.CONFIDENCE) / max(1, len(stretches))
    said = [
        _share(objective, [e for e in chosen if a <= e.due_s < b], 0, confidence)
        for a, b in stretches
    ]
    return _outcome(objective, stretches, said or [_share(objective, chosen, apart, confidence)])


def of_rates(objective: Objective, ended: Sequence[Ended]) -> ObjectiveOutcome:
    """An objective on answers a second, from when the first was due until the last was.

    Where fewer were asked for than the objective wants, the platform cannot have missed it.
    """
    chosen = [each for each in ended if each.due_s >= objective.warm_up]
    dues = [each.due_s for each in chosen]
    whole = [(min(dues), max(dues))] if dues else []
    stretches = _stretches(objective, dues) or whole
    confidence = 1 - (1 - bounds.CONFIDENCE) / max(1, len(stretches))
    said = [_rate(objective, chosen, max(a, min(dues)), b, confidence) for a, b in stretches]
    shown = stretches if objective.window is not None else []
    none = _Said(verdict=Verdict.UNKNOWN, samples=0, note="no query was answered")
    return _outcome(objective, shown, said or [none])


def _stretches(objective: Objective, dues: Sequence[float]) -> list[tuple[float, float]]:
    """The windows, from the first sample on; what is left over belongs to the last."""
    if objective.window is None or not dues:
        return []
    first, length = min(dues), float(objective.window)
    number = max(1, int((max(dues) - first) / length))
    edges = [first + length * place for place in range(number)] + [math.inf]
    return list(itertools.pairwise(edges))


def _times(objective: Objective, samples: Sequence[Sample], confidence: float) -> _Said:
    if objective.quantile is None:
        return _every(objective, samples)
    limit, q = float(objective.limit), objective.quantile
    finished = [each.took_s for each in samples if each.finished]
    unfinished = [each.took_s for each in samples if not each.finished]
    measured = bounds.quantile(finished, unfinished, q)
    certain = bounds.quantile([each.certain_s for each in samples], [], q, confidence).lower
    needed, note = None, ""
    if measured.upper is not None and measured.upper <= limit:
        verdict = Verdict.PASS
    elif certain is not None and certain > limit:
        verdict = Verdict.FAIL
    else:
        verdict = Verdict.UNKNOWN
        fewest = bounds.samples_for(q)
        if measured.samples < fewest:
            needed, note = fewest, f"too few samples: {fewest} would do if none exceeds"
        elif measured.lower is not None and measured.lower > limit:
            note = "over the limit only where our own lateness counts as the platform's"
        else:
            note = "the limit lies within the interval: more samples would tell"
    return _Said(
        verdict=verdict,
        samples=measured.samples,
        measured=measured.measured,
        lower=certain,
        upper=measured.upper,
        censored=measured.censored,
        needed=needed,
        note=note,
    )


def _every(objective: Objective, samples: Sequence[Sample]) -> _Said:
    """A statement about this run's samples: each was within the limit."""
    limit, number = float(objective.limit), len(samples)
    slow = sum(each.certain_s > limit for each in samples)
    ours = sum(each.took_s > limit for each in samples) - slow
    unfinished = sum(not each.finished for each in samples)
    if slow:
        verdict, note = Verdict.FAIL, f"{slow} of {number} took longer"
    elif not samples:
        verdict, note = Verdict.UNKNOWN, "there were none"
    elif ours:
        verdict, note = Verdict.UNKNOWN, f"{ours} took longer, by our own lateness"
    elif unfinished:
        verdict, note = Verdict.UNKNOWN, f"{unfinished} never finished"
    else:
        verdict, note = Verdict.PASS, ""
    return _Said(
        verdict=verdict,
        samples=number,
        measured=max(each.took_s for each in samples) if samples and not unfinished else None,
        censored=unfinished,
        note=note,
    )


def _share(objective: Objective, ended: Sequence[Ended], apart: int, confidence: float) -> _Said:
    limit, trials = float(objective.limit), len(ended)
    if not trials:
        return _Said(verdict=Verdict.UNKNOWN, samples=0, note="no query was asked")
    possible = sum(each.wrong for each in ended)
    certain = sum(each.wrong and not each.unsure for each in ended)
    lower = bounds.share(certain, trials, confidence)[0]
    upper = bounds.share(possible, trials)[1]
    verdict, needed = Verdict.UNKNOWN, None
    note = f"{certain} of {trials}"
    if possible > certain:
        note += f"; of {possible - certain} more nobody can say"
    if apart:
        note += f"; {apart} more were cut off"
    if upper <= limit:
        verdict = Verdict.PASS
    elif lower > limit:
        verdict = Verdict.FAIL
    elif limit <= 0:
        note += "; no number of queries shows a share of nothing"
    elif trials < bounds.needed_for(limit):
        needed = bounds.needed_for(limit)
        note += f"; {needed} queries without an error would do"
    return _Said(
        verdict=verdict,
        samples=trials,
        measured=certain / trials,
        lower=lower,
        upper=upper,
        needed=needed,
        note=note,
    )


def _rate(
    objective: Objective, ended: Sequence[Ended], from_s: float, to_s: float, confidence: float
) -> _Said:
    limit = float(objective.limit)
    to_s = min(to_s, max(each.due_s for each in ended))
    seconds = to_s - from_s
    asked = sum(from_s <= each.due_s <= to_s for each in ended)
    done = sum(each.done_s is not None and from_s <= each.done_s <= to_s for each in ended)
    if seconds <= 0:
        return _Said(verdict=Verdict.UNKNOWN, samples=asked, note="it was too short to tell")
    lower = bounds.rate(done, seconds)[0]
    upper = bounds.rate(done, seconds, confidence)[1]
    verdict, note = Verdict.UNKNOWN, ""
    if lower >= limit:
        verdict = Verdict.PASS
    elif asked / seconds < limit:
        note = f"only {asked / seconds:.3g} a second were asked for: the load must be higher"
    elif upper < limit:
        verdict = Verdict.FAIL
    else:
        note = "the limit lies within the interval: a longer run would tell"
    return _Said(
        verdict=verdict,
        samples=done,
        measured=done / seconds,
        lower=lower,
        upper=upper,
        note=note,
    )


def _outcome(
    objective: Objective, stretches: Sequence[tuple[float, float]], said: Sequence[_Said]
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
        name=name(objective),
        indicator=objective.indicator,
        statement=statement(objective),
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


def _worst(objective: Objective, said: Sequence[_Said]) -> _Said:
    """The stretch with the largest value, or of a rate the smallest; nothing finite is worse."""
    rate = INDICATORS[objective.indicator].kind == "rate"

    def badness(each: _Said) -> float:
        if each.measured is None:
            return math.inf if each.samples else -math.inf
        return -each.measured if rate else each.measured

    return max(said, key=badness)


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
