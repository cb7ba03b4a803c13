"""Whether one run's samples are worse than another's: intervals by bootstrap, test, effect size.

Samples of one user are alike, and so are those of one moment.  Whole users are drawn, and whole
stretches of time, and the wider of the two intervals counts.  Pure functions of numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

DRAWS = 1000
FEWEST_GROUPS = 5
"""Fewer users, or stretches of time, say nothing of how they differ."""
Change = Literal["worse", "better", "no difference", "unclear"]
_Numbers = npt.NDArray[np.float64]
Statistic = Callable[[_Numbers], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Samples of one side, and whose and when each was: three columns of one length."""

    values: _Numbers
    users: npt.NDArray[np.int64]
    blocks: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How the second side differs from the first."""

    change: Change
    base: float | None
    now: float | None
    relative: float | None
    """`now / base − 1`; of shares `now − base`."""
    lower: float | None
    """One-sided 95 % bounds of that."""
    upper: float | None
    p: float | None
    """Mann–Whitney's, two-sided, as if samples were independent."""
    effect: float | None
    """Vargha and Delaney's A: how often a sample of the second side is the larger one."""
    why: str = ""


def of_quantiles(
    base: Measured, now: Measured, q: float, margin: float, seed: int = 1
) -> Difference:
    """Whether a quantile grew by more than the margin, a share of the base's.

    Samples that never finished are infinite.
    """

    def statistic(values: _Numbers) -> float:
        ordered = np.sort(values)
        return float(ordered[min(len(ordered), max(1, math.ceil(q * len(ordered) - 1e-9))) - 1])

    return _compared(base, now, statistic, _ratio, margin, seed, tested=True)


def of_rates(base: Measured, now: Measured, margin: float, seed: int = 1) -> Difference:
    """Whether a mean rate fell by more than the margin, a share of the base's."""
    fallen = _compared(
        base, now, lambda values: float(np.mean(values)), lambda a, b: -_ratio(a, b), margin, seed
    )
    return replace(
        fallen,
        relative=_negative(fallen.relative),
        lower=_negative(fallen.upper),
        upper=_negative(fallen.lower),
    )


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def of_shares(base: Measured, now: Measured, allowed: float, seed: int = 1) -> Difference:
    """Whether a share of ones among zeros and ones grew by more than so much."""
    return _compared(
        base, now, lambda values: float(np.mean(values)), lambda a, b: b - a, allowed, seed
    )


def _compared(  # noqa: PLR0913, PLR0917 - what is compared, how, and with which dice
    base: Measured,
    now: Measured,
    statistic: Statistic,
    differ: Callable[[float, float], float],
    margin: float,
    seed: int,
    *,
    tested: bool = False,
) -> Difference:
    short = shortage(base, "the base") or shortage(now, "this run")
    if short:
        return Difference(
            change="unclear", base=None, now=None, relative=None, lower=None, upper=None, p=None,
            effect=None, why=short,
        )  # fmt: skip
    drawn = np.random.default_rng(seed)
    lowers, uppers = [], []
    for name in ("users", "blocks"):
        first = _redrawn(base.values, getattr(base, name), statistic, drawn)
        second = _redrawn(now.values, getattr(now, name), statistic, drawn)
        found = np.sort([differ(a, b) for a, b in zip(first, second, strict=True)])
        lowers.append(found[int(0.05 * len(found))])
        uppers.append(found[min(len(found) - 1, math.ceil(0.95 * len(found)))])
    lower, upper = float(min(lowers)), float(max(uppers))
    before, after = statistic(base.values), statistic(now.values)
    p, effect = mann_whitney(base.values, now.values) if tested else (None, None)
    change, why = _change(lower, upper, margin)
    return Difference(
        change=change,
        base=_finite(before),
        now=_finite(after),
        relative=_finite(differ(before, after)),
        lower=_finite(lower),
        upper=_finite(upper),
        p=p,
        effect=effect,
        why=why,
    )


def _change(lower: float, upper: float, margin: float) -> tuple[Change, str]:
    if math.isnan(lower) or math.isnan(upper):
        return "unclear", "neither side has a finite value"
    if lower > margin:
        return "worse", ""
    if upper < 0:
        return "better", ""
    if upper <= margin:
        return "no difference", ""
    return "unclear", "the margin lies within the interval: more samples would tell"


def mann_whitney(one: _Numbers, other: _Numbers) -> tuple[float, float]:
    """The two-sided p of Mann and Whitney (1947), and Vargha and Delaney's A (2000).

    By the normal approximation, corrected for ties.
    """
    n, m = len(one), len(other)
    both = np.concatenate([one, other])
    _, places, counts = np.unique(both, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[places]
    wins = float(np.sum(ranks[n:]) - m * (m + 1) / 2)
    ties = float(np.sum(counts.astype(float) ** 3 - counts))
    total = n + m
    spread = n * m / 12 * ((total + 1) - ties / (total * (total - 1)))
    away = abs(wins - n * m / 2)
    p = math.erfc(max(0.0, away - 0.5) / math.sqrt(2 * spread)) if spread > 0 else 1.0
    return p, wins / (n * m)


def _redrawn(
    values: _Numbers,
    groups: npt.NDArray[np.int64],
    statistic: Statistic,
    drawn: np.random.Generator,
) -> list[float]:
    """The statistic of as many groups, drawn with replacement, again and again."""
    order = np.argsort(groups, kind="stable")
    pieces = np.split(values[order], np.flatnonzero(np.diff(groups[order])) + 1)
    return [
        statistic(np.concatenate([pieces[each] for each in chosen]))
        for chosen in drawn.integers(len(pieces), size=(DRAWS, len(pieces)))
    ]


def shortage(side: Measured, who: str) -> str:
    """Why a side says nothing of how its users or its moments differ; empty where it does."""
    for name, groups in (("users", side.users), ("stretches of time", side.blocks)):
        number = len(np.unique(groups))
        if number < FEWEST_GROUPS:
            return f"{who} has samples of {number} {name}: {FEWEST_GROUPS} would do"
    return ""


def _ratio(base: float, now: float) -> float:
    if math.isinf(base):
        return math.nan if math.isinf(now) else -1.0
    return now / base - 1 if base > 0 else (0.0 if now <= 0 else math.inf)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
