"""What is said of one stretch of the run: met, missed, or too few samples to tell.

Exact order statistics with unfinished samples censored, never dropped.  Our own lateness
lengthens what is measured and its upper bound, and never the lower one: it may keep a platform
from passing, and never makes it fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isolation_checks.loading.samples import Ended, Sample
from isolation_checks.plan.tables.objectives import Objective
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.lattice import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of one stretch of the run."""

    verdict: Verdict
    samples: int
    measured: float | None = None
    lower: float | None = None
    upper: float | None = None
    censored: int = 0
    needed: int | None = None
    note: str = ""


def of_times(objective: Objective, samples: Sequence[Sample], confidence: float) -> Said:
    """An objective on a time: of its quantile, or of every sample."""
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
    return Said(
        verdict=verdict,
        samples=measured.samples,
        measured=measured.measured,
        lower=certain,
        upper=measured.upper,
        censored=measured.censored,
        needed=needed,
        note=note,
    )


def _every(objective: Objective, samples: Sequence[Sample]) -> Said:
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
    return Said(
        verdict=verdict,
        samples=number,
        measured=max(each.took_s for each in samples) if samples and not unfinished else None,
        censored=unfinished,
        note=note,
    )


def of_share(objective: Objective, ended: Sequence[Ended], apart: int, confidence: float) -> Said:
    """An objective on the share of queries that went wrong; `apart` more were cut off."""
    limit, trials = float(objective.limit), len(ended)
    if not trials:
        return Said(verdict=Verdict.UNKNOWN, samples=0, note="no query was asked")
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
    return Said(
        verdict=verdict,
        samples=trials,
        measured=certain / trials,
        lower=lower,
        upper=upper,
        needed=needed,
        note=note,
    )


def of_rate(
    objective: Objective, ended: Sequence[Ended], from_s: float, to_s: float, confidence: float
) -> Said:
    """An objective on answers a second between two times."""
    limit = float(objective.limit)
    to_s = min(to_s, max(each.due_s for each in ended))
    seconds = to_s - from_s
    asked = sum(from_s <= each.due_s <= to_s for each in ended)
    done = sum(each.done_s is not None and from_s <= each.done_s <= to_s for each in ended)
    if seconds <= 0:
        return Said(verdict=Verdict.UNKNOWN, samples=asked, note="it was too short to tell")
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
    return Said(
        verdict=verdict,
        samples=done,
        measured=done / seconds,
        lower=lower,
        upper=upper,
        note=note,
    )
