"""Bounds on rates and quantiles, exact where the field has an exact one.

Samples are taken to be independent; those of one user are correlated, and a report
says so.  Everything is one-sided at 95 % unless `confidence` says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

CONFIDENCE = 0.95


def none_seen(opportunities: float, confidence: float = CONFIDENCE) -> float | None:
    """The upper bound of a rate of which nothing was seen: `1 − (1−c)^(1/n)`.

    Opportunities that are correlated count as fewer: as their `effective` number, which
    need not be whole.
    Returns None without an opportunity.  Source: Clopper & Pearson (1934) at zero.
    """
    if opportunities <= 0:
        return None
    return float(1 - (1 - confidence) ** (1 / opportunities))


def needed_for(bound: float, confidence: float = CONFIDENCE) -> int:
    """How many opportunities without a sighting put the rate below a bound.

    Raises:
        ValueError: no number does, since the bound is not between 0 and 1.
    """
    if not 0 < bound < 1:
        raise ValueError(f"no number of opportunities shows a rate below {bound:g}")
    return math.ceil(math.log(1 - confidence) / math.log(1 - bound))


HALF = 0.975
"""The confidence of each of two bounds of which both must hold at 95 %."""


def none_found(opportunities: float, detection: float | None) -> float | None:
    """The upper bound, at 95 %, of the rate of what happened where nothing of it was found.

    `detection` is the lower bound, at 97.5 %, of the share that would have been found; then
    the bound of what was found is taken at 97.5 % too, and divided by it (Bonferroni).  None:
    all would have been.  Returns None without an opportunity.

    Raises:
        ZeroDivisionError: nothing at all would have been found.
    """
    if detection is None:
        return none_seen(opportunities)
    found = none_seen(opportunities, HALF)
    return None if found is None else min(1.0, found / detection)


def needed_unfound(bound: float, detection: float | None) -> int:
    """How many opportunities without a finding put the rate of what happened below a bound."""
    if detection is None:
        return needed_for(bound)
    return needed_for(bound * detection, HALF)


def at_least_one(opportunities: int, rate: float) -> float:
    """The probability that what happens at this rate happens at all: `1 − (1 − p)^n`."""
    return float(1 - (1 - rate) ** opportunities)


def so_many(hits: int, trials: int, rate: float) -> float:
    """The probability of so many hits or more, when each trial hits at this rate (binomial)."""
    return float(special.bdtrc(hits - 1, trials, rate)) if hits else 1.0


def design_effect(each: Sequence[int], correlation: float) -> float:
    """By how much correlation makes opportunities worth less: `1 + (m − 1)·r`.

    `each` says how many every user had, `correlation` how alike those of one user are:
    0 independent, 1 all the same.  Of the m's, the mean over opportunities is taken.
    Source: Kish, Survey Sampling (1965), on clusters of unequal size.
    """
    total = sum(each)
    if not total:
        return 1.0
    return 1 + (sum(many * many for many in each) / total - 1) * correlation


def share(hits: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """One-sided lower and upper bounds of a share.

    Raises:
        ValueError: there were no trials.

    Source: Clopper & Pearson, Biometrika 26 (1934).
    """
    if trials <= 0:
        raise ValueError("a share of no trials has no bounds")
    others = trials - hits
    lower = special.betaincinv(hits, others + 1, 1 - confidence) if hits else 0.0
    upper = special.betaincinv(hits + 1, others, confidence) if others else 1.0
    return float(lower), float(upper)


def rate(events: int, seconds: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """One-sided lower and upper bounds of events a second that come independently.

    Source: Garwood, Biometrika 28 (1936).
    """
    lower = special.gammaincinv(events, 1 - confidence) if events else 0.0
    upper = special.gammaincinv(events + 1, confidence)
    return float(lower) / seconds, float(upper) / seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A quantile of samples of which some never finished; None means: no finite one."""

    measured: float | None
    lower: float | None
    """None where there are too few samples for a lower bound."""
    upper: float | None
    samples: int
    censored: int


def quantile(
    finished: Sequence[float],
    unfinished: Sequence[float],
    q: float,
    confidence: float = CONFIDENCE,
) -> Quantile:
    """A quantile with its one-sided order-statistic bounds.

    Unfinished samples are censored: for the measured value and the upper bound each
    counts as infinite, for the lower bound as the time that had passed.
    Source: David & Nagaraja, Order Statistics (2003), section 7.1.
    """
    n = len(finished) + len(unfinished)
    late = np.sort(np.concatenate([np.asarray(finished, float), np.full(len(unfinished), np.inf)]))
    early = np.sort(np.concatenate([np.asarray(finished, float), np.asarray(unfinished, float)]))
    upper_rank = _most_below(confidence, n, q) + 1
    lower_rank = _most_below(1 - confidence, n, q)
    return Quantile(
        measured=_finite(late[_rank(q, n) - 1]) if n else None,
        lower=float(early[lower_rank - 1]) if lower_rank >= 1 else None,
        upper=_finite(late[upper_rank - 1]) if upper_rank <= n else None,
        samples=n,
        censored=len(unfinished),
    )


def samples_for(q: float, confidence: float = CONFIDENCE) -> int:
    """The fewest samples for which an upper bound of a quantile exists: `q^n ≤ 1 − c`."""
    return math.ceil(math.log(1 - confidence) / math.log(q))


def quantiles(finished: Sequence[float], censored: int, points: int = 101) -> list[float | None]:
    """Equally spaced quantiles from 0 to 1; None where they lie among the unfinished."""
    n = len(finished) + censored
    if n == 0:
        return []
    ordered = np.sort(np.asarray(finished, float))
    ranks = [_rank(q, n) for q in np.linspace(0, 1, points)]
    return [float(ordered[rank - 1]) if rank <= len(ordered) else None for rank in ranks]


def _most_below(probability: float, n: int, q: float) -> int:
    """How many of n samples, at most, lie below their quantile q with this probability.

    It is the inverse of the binomial distribution.
    """
    if n == 0:
        return 0
    k = max(0, math.ceil(special.bdtrik(probability, n, q)))
    while k > 0 and special.bdtr(k - 1, n, q) >= probability:
        k -= 1
    return k


def _rank(q: float, n: int) -> int:
    """Which of n ordered samples is their quantile q; a product that is whole stays so."""
    return min(n, max(1, math.ceil(q * n - _ROUNDING)))


_ROUNDING = 1e-9


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
