from __future__ import annotations

import numpy as np
import pytest

from isolation_checks.statistics import usl

LOADS = (1, 18, 36, 72, 108, 144, 216)
THROUGHPUTS = (64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2)
"""`specsdm91` of R's package usl: SPEC SDM91 on a Sun, scripts an hour."""


def test_the_fit_is_that_of_the_package_usl():
    """Coefficients and peak as R's nls gives them."""
    law = usl.fit(LOADS, THROUGHPUTS)
    assert (0.0277285, 0.0001044, 89.995) == pytest.approx(
        (law.alpha.value, law.beta.value, law.gamma.value), rel=1e-3
    )
    assert 96.5 == pytest.approx(law.peak.value, abs=0.1)
    assert 0.98 < law.explained <= 1


def test_intervals_hold_their_values_and_ranges_are_ranges():
    law = usl.fit(LOADS, THROUGHPUTS)
    for each in (law.alpha, law.beta, law.gamma, law.peak, law.knee):
        assert each.lower < each.value < each.upper
    assert 15 < law.knee.lower
    assert law.knee.upper < law.peak.lower


def test_the_truth_lies_within_the_intervals_as_often_as_they_say():
    """Of noisy laws, 95 % of the intervals hold α, β and γ; 60 draws may show 85 %."""
    drawn = np.random.default_rng(7)
    loads = np.array([1, 2, 4, 8, 16, 32, 64, 96], float)
    exact = usl.throughput(loads, 0.02, 0.0003, 40.0)
    hits = np.zeros(3)
    for _ in range(60):
        law = usl.fit(loads, exact + drawn.normal(0, 6.0, len(loads)), draws=0)
        for place, (each, truth) in enumerate(
            [(law.alpha, 0.02), (law.beta, 0.0003), (law.gamma, 40.0)]
        ):
            hits[place] += each.lower <= truth <= each.upper
    assert np.all(hits >= 51)


def test_without_contention_there_is_no_knee():
    """Throughput that grows in proportion has neither peak nor ceiling."""
    law = usl.fit([1, 2, 4, 8], [10, 20, 40, 80])
    assert (0.0, 0.0) == pytest.approx((law.alpha.value, law.beta.value), abs=1e-9)
    assert (None, None) == (law.peak, law.knee) or law.knee.value > 1e6


def test_three_loads_do_not_tell_three_coefficients():
    with pytest.raises(ValueError, match="4 would do"):
        usl.fit([1, 2, 4, 4], [10, 19, 35, 36])
