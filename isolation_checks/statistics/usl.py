"""The Universal Scalability Law: throughput against load, fitted, with intervals.

`X(N) = γN / (1 + α(N−1) + βN(N−1))`: γ is what one user gets through alone, α the share of
work that waits for its turn, β what keeping in step costs.
Source: Gunther, Guerrilla Capacity Planning (2007), chapters 4 to 6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

FEWEST_LOADS = 4
"""Three coefficients, and one load more to see how well they fit."""
ROUNDS = 100
SMALLEST_STEP = 1e-6
DRAWS = 200
_Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value and its two-sided 95 % interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A fitted law."""

    alpha: Estimate
    beta: Estimate
    gamma: Estimate
    explained: float
    """Which share of the throughputs' variance the law explains."""
    peak: Estimate | None
    """The load of the largest throughput; None where the law has none, without β."""
    ceiling: float
    """That throughput; infinite where nothing limits it."""
    knee: Estimate | None
    """Where one user's throughput, undisturbed, would reach the ceiling: `ceiling / γ`."""

    def at(self, load: float) -> float:
        """The throughput that the law gives at a load."""
        return float(
            throughput(np.array([load]), self.alpha.value, self.beta.value, self.gamma.value)[0]
        )


def throughput(loads: _Numbers, alpha: float, beta: float, gamma: float) -> _Numbers:
    """The law itself."""
    result: _Numbers = gamma * loads / (1 + alpha * (loads - 1) + beta * loads * (loads - 1))
    return result


def fit(
    loads: Sequence[float], throughputs: Sequence[float], seed: int = 1, draws: int = DRAWS
) -> Fit:
    """Fit the law to measured throughputs, by least squares (Gauss–Newton).

    Intervals of the coefficients are Wald's with Student's t; those of peak and knee come from
    a bootstrap of the residuals, with this seed.

    Raises:
        ValueError: fewer than four different loads, or one that is not positive.
    """
    at, got = np.asarray(loads, float), np.asarray(throughputs, float)
    if len(set(at)) < FEWEST_LOADS:
        raise ValueError(
            f"the law has three coefficients, and {len(set(at))} different loads do not tell "
            f"them: {FEWEST_LOADS} would do"
        )
    if np.any(at <= 0) or np.any(got <= 0):
        raise ValueError("loads and throughputs are larger than nothing")
    found = _least_squares(at, got)
    expected = throughput(at, *found)
    spread = float(np.sum((got - expected) ** 2))
    coefficients = _intervals(at, found, spread)
    peaks, knees = _drawn(at, expected, got - expected, seed, draws)
    ceiling = _ceiling(*found)
    return Fit(
        alpha=coefficients[0],
        beta=coefficients[1],
        gamma=coefficients[2],
        explained=1 - spread / max(float(np.sum((got - got.mean()) ** 2)), 1e-300),
        peak=_ranged(_peak(*found), peaks),
        ceiling=ceiling,
        knee=_ranged(ceiling / found[2], knees),
    )


def _least_squares(at: _Numbers, got: _Numbers) -> tuple[float, float, float]:
    """α, β and γ; none of them is below zero."""
    for free in ((0, 1), (0,), (1,), ()):
        found = _gauss_newton(at, got, free)
        if found[0] >= 0 and found[1] >= 0:
            return found
    return found


def _gauss_newton(at: _Numbers, got: _Numbers, free: tuple[int, ...]) -> tuple[float, float, float]:
    """The coefficients of which α (0) and β (1) may differ from zero; γ always does."""
    # N/X is linear in 1/γ, α/γ and β/γ: where to begin
    terms = np.column_stack([np.ones_like(at), at - 1, at * (at - 1)])[
        :, [0, *(p + 1 for p in free)]
    ]
    start = np.linalg.lstsq(terms, at / got, rcond=None)[0]
    values = np.zeros(3)
    values[2] = 1 / start[0] if start[0] > 0 else float(np.max(got / at))
    for place, each in zip(free, start[1:], strict=True):
        values[place] = each * values[2]
    chosen = [*free, 2]
    error = np.inf
    for _ in range(ROUNDS):
        left = got - throughput(at, *values)
        step = np.linalg.lstsq(_slopes(at, values)[:, chosen], left, rcond=None)[0]
        size = 1.0
        while size > SMALLEST_STEP:  # halve a step that makes it worse
            tried = values.copy()
            tried[chosen] += size * step
            now = float(np.sum((got - throughput(at, *tried)) ** 2))
            if math.isfinite(now) and now <= error:
                break
            size /= 2
        else:
            break
        done = np.allclose(tried, values, rtol=1e-9, atol=1e-12)
        values, error = tried, now
        if done:
            break
    return float(values[0]), float(values[1]), float(values[2])


def _slopes(at: _Numbers, values: _Numbers) -> _Numbers:
    """How the law answers to each of its coefficients."""
    alpha, beta, gamma = values
    below = 1 + alpha * (at - 1) + beta * at * (at - 1)
    steep = -gamma * at / below**2
    result: _Numbers = np.column_stack([steep * (at - 1), steep * at * (at - 1), at / below])
    return result


def _intervals(
    at: _Numbers, found: tuple[float, float, float], spread: float
) -> tuple[Estimate, Estimate, Estimate]:
    slopes = _slopes(at, np.array(found))
    freedom = len(at) - 3
    covariance = np.linalg.pinv(slopes.T @ slopes) * spread / freedom
    wide = float(special.stdtrit(freedom, 0.975)) * np.sqrt(np.maximum(np.diag(covariance), 0))
    one, two, three = (
        Estimate(value=value, lower=max(0.0, value - each), upper=value + each)
        for value, each in zip(found, wide.tolist(), strict=True)
    )
    return one, two, three


def _drawn(
    at: _Numbers, expected: _Numbers, left: _Numbers, seed: int, draws: int
) -> tuple[list[float], list[float]]:
    """Peaks and knees of laws fitted to what might have been measured as well."""
    drawn = np.random.default_rng(seed)
    wider = left * math.sqrt(len(at) / (len(at) - 3))  # a fit makes its own residuals small
    peaks, knees = [], []
    for _ in range(draws):
        again = expected + drawn.choice(wider, len(at))
        if np.any(again <= 0):
            continue
        found = _least_squares(at, again)
        peaks.append(_peak(*found))
        knees.append(_ceiling(*found) / found[2])
    return peaks, knees


def _peak(alpha: float, beta: float, gamma: float) -> float:  # noqa: ARG001 - coefficients go together
    return math.sqrt(max(0.0, 1 - alpha) / beta) if beta > 0 else math.inf


def _ceiling(alpha: float, beta: float, gamma: float) -> float:
    if beta > 0:
        peak = max(1.0, _peak(alpha, beta, gamma))
        return float(throughput(np.array([peak]), alpha, beta, gamma)[0])
    return gamma / alpha if alpha > 0 else math.inf


def _ranged(value: float, drawn: Sequence[float]) -> Estimate | None:
    """A value with the middle 95 % of what was drawn; None where it is not finite."""
    if not math.isfinite(value):
        return None
    ordered = sorted(drawn) or [value]
    last = len(ordered) - 1
    return Estimate(
        value=value,
        lower=min(value, ordered[round(0.025 * last)]),
        upper=max(value, ordered[round(0.975 * last)]),
    )
