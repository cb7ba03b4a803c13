from __future__ import annotations

import numpy as np
import pytest

from isolation_checks.statistics import comparison
from isolation_checks.statistics.comparison import Measured


def side(seed, scale=1.0, users=20, each=40, blocks=20, spread=0.1):
    """Lognormal samples of users who differ, in stretches of time that differ."""
    drawn = np.random.default_rng(seed)
    who = np.repeat(np.arange(users), each)
    when = np.tile(np.arange(each) * blocks // each, users)
    per_user, per_block = drawn.normal(0, spread, users), drawn.normal(0, spread, blocks)
    values = scale * np.exp(drawn.normal(0, 0.4, users * each) + per_user[who] + per_block[when])
    return Measured(values=values, users=who, blocks=when)


def test_a_slower_run_is_worse_and_a_quicker_one_better():
    """Well beyond the margin, and well below it."""
    worse = comparison.of_quantiles(side(1), side(2, 1.6), 0.5, 0.1)
    assert ("worse", True) == (worse.change, worse.p < 1e-6)
    assert 0.1 < worse.lower < worse.relative < worse.upper
    assert worse.effect > 0.6
    better = comparison.of_quantiles(side(1), side(2, 0.5), 0.5, 0.1)
    assert ("better", True) == (better.change, better.upper < 0)


def test_no_difference_has_to_be_shown():
    """With few samples nobody can say that a run is not worse; with many one can."""
    few, many = {"users": 6, "each": 10, "blocks": 6}, {"users": 60, "each": 100, "spread": 0.01}
    assert "unclear" == comparison.of_quantiles(side(1, **few), side(2, **few), 0.95, 0.1).change
    same = comparison.of_quantiles(side(1, **many), side(2, **many), 0.5, 0.1)
    assert "unclear" != same.change
    assert same.upper < 0.1


def test_an_equal_run_is_seldom_called_worse():
    """Of forty equal pairs whose users and moments differ, at 95 % one-sided, a few at most."""
    called = [
        comparison.of_quantiles(side(2 * n), side(2 * n + 1), 0.5, 0.0, seed=n).change
        for n in range(40)
    ]
    assert called.count("worse") <= 5


def test_what_never_finished_is_infinite():
    """A run of which one in ten never finished has no p95: worse than any."""
    base, now = side(1), side(2)
    now.values[::10] = np.inf
    found = comparison.of_quantiles(base, now, 0.95, 0.1)
    assert ("worse", None) == (found.change, found.now)
    assert "unclear" == comparison.of_quantiles(now, now, 0.95, 0.1).change


def test_too_few_users_or_moments_say_nothing():
    alone = Measured(values=np.ones(50), users=np.zeros(50, int), blocks=np.arange(50))
    found = comparison.of_quantiles(side(1), alone, 0.5, 0.1)
    assert ("unclear", "this run has samples of 1 users: 5 would do") == (found.change, found.why)


def test_a_rate_that_fell_is_worse():
    """And is shown as it changed, with its sign."""
    rates = np.random.default_rng(1).normal(20, 1, (2, 20))
    rows = np.arange(20)
    base, now = (Measured(values=each, users=rows, blocks=rows) for each in rates * [[1], [0.5]])
    found = comparison.of_rates(base, now, 0.1)
    assert ("worse", -0.5) == (found.change, pytest.approx(found.relative, abs=0.05))
    assert found.lower < found.relative < found.upper < -0.1


def test_shares_are_compared_in_points():
    drawn = np.random.default_rng(3)
    few, many = (
        Measured(
            values=(drawn.random(2000) < share).astype(float),
            users=np.arange(2000) % 20,
            blocks=np.arange(2000) // 100,
        )
        for share in (0.01, 0.08)
    )
    assert "worse" == comparison.of_shares(few, many, 0.01).change
    assert "no difference" == comparison.of_shares(few, few, 0.05).change


def test_mann_whitney_is_that_of_scipy():
    """With ties; `scipy.stats` takes a second to import, so the judge does without."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    drawn = np.random.default_rng(4)
    one, other = drawn.integers(0, 30, 200).astype(float), drawn.integers(3, 33, 150).astype(float)
    p, effect = comparison.mann_whitney(one, other)
    theirs = stats.mannwhitneyu(other, one, method="asymptotic")
    assert theirs.pvalue == pytest.approx(p, rel=1e-6)
    assert theirs.statistic / (200 * 150) == pytest.approx(effect)
