from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks.statistics import bounds

SECONDS = st.floats(0, 1e6, allow_nan=False)
SAMPLES = st.lists(SECONDS, max_size=200)
QUANTILES = st.sampled_from((0.5, 0.9, 0.95, 0.99))


def test_299_opportunities_without_a_sighting_put_the_rate_under_one_percent():
    """The default bound is met by 299 and not by 298."""
    assert bounds.none_seen(299) <= 0.01 < bounds.none_seen(298)
    assert bounds.needed_for(0.01) == 299


def test_no_opportunity_bounds_nothing():
    """Absent is not zero: without an opportunity there is no bound at all."""
    assert bounds.none_seen(0) is None
    assert bounds.none_seen(-1) is None


@given(st.floats(1e-5, 0.9))
def test_the_number_needed_is_the_least_that_does(bound):
    """One opportunity fewer would leave the bound above what is wanted."""
    needed = bounds.needed_for(bound)
    assert bounds.none_seen(needed) <= bound * (1 + 1e-9)
    assert needed == 1 or bounds.none_seen(needed - 1) > bound * (1 - 1e-9)


@pytest.mark.parametrize("bound", [0.0, 1.0, -0.5, 2.0])
def test_no_number_of_opportunities_shows_a_rate_of_nothing(bound):
    """A bound outside of 0 to 1 is refused with a sentence, not with a division by zero."""
    with pytest.raises(ValueError, match="no number of opportunities"):
        bounds.needed_for(bound)


@pytest.mark.parametrize(
    ("hits", "trials", "lower", "upper"),
    [
        (0, 100, 0.0, 0.029513),
        (1, 100, 0.000513, 0.046560),
        (3, 100, 0.008226, 0.075711),
        (100, 100, 0.970487, 1.0),
    ],
)
def test_bounds_of_a_share_are_those_of_clopper_and_pearson(hits, trials, lower, upper):
    """The numbers are those of R's binom.test, one-sided at 95 %."""
    assert bounds.share(hits, trials) == pytest.approx((lower, upper), abs=1e-6)


def test_a_share_of_no_trials_has_no_bounds():
    """It is an error to ask, not a share of zero."""
    with pytest.raises(ValueError, match="no trials"):
        bounds.share(0, 0)


@given(st.integers(1, 500), st.data())
def test_a_share_lies_between_its_bounds(trials, data):
    """The measured share is never outside, and the bound at nothing seen is the same."""
    hits = data.draw(st.integers(0, trials))
    lower, upper = bounds.share(hits, trials)
    assert 0 <= lower <= hits / trials <= upper <= 1
    if hits == 0:
        assert upper == pytest.approx(bounds.none_seen(trials))


@pytest.mark.parametrize(("q", "fewest"), [(0.5, 5), (0.95, 59), (0.99, 299), (0.999, 2995)])
def test_an_upper_bound_exists_from_the_fewest_samples_on(q, fewest):
    """59 samples do for p95, 58 do not."""
    assert bounds.samples_for(q) == fewest
    assert bounds.quantile([1.0] * fewest, [], q).upper == 1.0
    assert bounds.quantile([1.0] * (fewest - 1), [], q).upper is None


def test_the_ranks_are_the_published_ones():
    """For the median of 100 samples the one-sided bounds are the 42nd and the 59th."""
    median = bounds.quantile([float(n) for n in range(1, 101)], [], 0.5)
    assert (median.lower, median.measured, median.upper) == (42.0, 50.0, 59.0)


def test_no_samples_have_no_quantile():
    """Silence is unknown in every respect."""
    silent = bounds.quantile([], [], 0.95)
    assert (silent.measured, silent.lower, silent.upper, silent.samples) == (None, None, None, 0)


@given(SAMPLES, SAMPLES, QUANTILES)
def test_bounds_enclose_the_measured_quantile(finished, unfinished, q):
    """Lower, measured and upper stand in this order wherever they exist."""
    found = bounds.quantile(finished, unfinished, q)
    there = [v for v in (found.lower, found.measured, found.upper) if v is not None]
    assert there == sorted(there)
    assert (found.samples, found.censored) == (len(finished) + len(unfinished), len(unfinished))


@given(SAMPLES, SECONDS, QUANTILES)
def test_a_slower_sample_never_lowers_a_bound(finished, slow, q):
    """Making one sample slower makes neither bound smaller."""
    if not finished:
        return
    before = bounds.quantile(finished, [], q)
    after = bounds.quantile([*finished[1:], finished[0] + slow], [], q)
    for then, now in ((before.lower, after.lower), (before.upper, after.upper)):
        assert then is None or now >= then


@given(st.lists(SECONDS, min_size=1, max_size=200), QUANTILES)
def test_censoring_a_sample_never_helps(finished, q):
    """Unfinished, it is infinite to the upper bound, and as long as ever to the lower one."""
    whole = bounds.quantile(finished, [], q)
    cut = bounds.quantile(finished[1:], finished[:1], q)
    assert cut.lower == whole.lower
    assert cut.upper is None or cut.upper >= whole.upper
    assert cut.measured is None or cut.measured >= whole.measured


def test_unfinished_samples_leave_no_finite_quantile():
    """With a tenth unfinished p95 is among them: nobody can say how long it is."""
    found = bounds.quantile([1.0] * 900, [2.0] * 100, 0.95)
    assert (found.measured, found.upper, found.lower) == (None, None, 2.0)


@pytest.mark.parametrize(("q", "n"), [(0.5, 40), (0.95, 80), (0.99, 400)])
def test_the_bounds_hold_as_often_as_they_say(q, n):
    """In 4,000 simulated runs each one-sided bound covers the true quantile 95 % of the time."""
    rng = np.random.default_rng(20_261_122)
    true = -math.log(1 - q)  # of the exponential distribution with mean 1
    below = above = 0
    for samples in rng.exponential(size=(4_000, n)):
        found = bounds.quantile(samples.tolist(), [], q)
        below += found.lower is None or found.lower <= true
        above += found.upper is None or found.upper >= true
    assert below / 4_000 > 0.94
    assert above / 4_000 > 0.94


@given(SAMPLES, st.integers(0, 50))
def test_quantiles_are_equally_spaced_and_end_where_samples_never_finished(finished, censored):
    """101 points in order; those among the unfinished are unknown, and stand last."""
    found = bounds.quantiles(finished, censored)
    if not finished and not censored:
        assert found == []
        return
    assert len(found) == 101
    known = [value for value in found if value is not None]
    assert known == sorted(known)
    assert found == known + [None] * (101 - len(known))
    assert (found[0] is None) == (not finished)
    if finished and not censored:
        assert found[-1] == max(finished)


def test_a_rank_is_not_moved_by_rounding():
    """0.07 times 100 is 7.000000000000001 to a computer, and the 7th sample to everyone else."""
    assert bounds.quantiles([float(n) for n in range(1, 101)], 0)[7] == 7.0


def test_what_would_be_found_divides_the_bound_and_both_hold_at_95_percent():
    """160 of 160 found: 376 opportunities put the rate of what happens under one percent."""
    detection = bounds.share(160, 160, bounds.HALF)[0]
    needed = bounds.needed_unfound(0.01, detection)
    assert 376 == needed
    assert bounds.none_found(376, detection) <= 0.01 < bounds.none_found(375, detection)
    assert bounds.none_seen(299) == bounds.none_found(299, None)
    assert bounds.none_found(0, detection) is None
    assert 1.0 == bounds.none_found(3, 0.1)


@pytest.mark.parametrize("rate", [0.005, 0.02])
@pytest.mark.parametrize("detection", [0.6, 0.9, 1.0])
def test_the_divided_bound_holds_in_95_of_100_runs_whatever_is_detected(rate, detection):
    """Simulated: a run that found nothing claims less than what happens in at most 5 %."""
    drawn = np.random.default_rng(7)
    runs, opportunities, planted = 20_000, 400, 160
    nothing = drawn.binomial(opportunities, rate * detection, runs) == 0
    hits = drawn.binomial(planted, detection, runs)
    lower = {n: bounds.share(n, planted, bounds.HALF)[0] for n in set(hits.tolist())}
    claims = np.array([bounds.none_found(opportunities, lower[n]) for n in hits.tolist()])
    wrong = nothing & (claims < rate)
    assert wrong.mean() <= 0.05


@pytest.mark.parametrize("alike", [0.0, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("shape", ["even", "one user has most"])
def test_effective_opportunities_hold_for_correlated_users(alike, shape):
    """Simulated: users differ in how often they bleed, and one user may have most chances."""
    each = [20] * 30 if shape == "even" else [300, *[10] * 30]
    drawn = np.random.default_rng(11)
    runs = 4_000
    effective = sum(each) / bounds.design_effect(each, alike)
    rate = bounds.none_seen(effective) * 1.0001  # a rate that the claim would exclude
    rates = _rates_of_users(drawn, rate, alike, (runs, len(each)))
    nothing = (drawn.binomial(np.array(each), rates) == 0).all(axis=1)
    sure = 3 * math.sqrt(0.05 * 0.95 / runs)
    assert nothing.mean() <= 0.05 + sure


def _rates_of_users(drawn, rate, alike, size):
    """Rates of users, by the beta distribution with this mean and intraclass correlation."""
    if alike == 0:
        return np.full(size, rate)
    if alike == 1:
        return (drawn.random(size) < rate).astype(float)
    spread = (1 - alike) / alike
    return drawn.beta(rate * spread, (1 - rate) * spread, size)


def test_independent_bounds_do_not_hold_for_correlated_users():
    """Why correlation can be said: taken as independent, many runs would claim too much."""
    drawn = np.random.default_rng(13)
    each, alike = [20] * 30, 0.3
    rate = bounds.none_seen(sum(each)) * 1.0001
    rates = _rates_of_users(drawn, rate, alike, (4_000, len(each)))
    nothing = (drawn.binomial(np.array(each), rates) == 0).all(axis=1)
    assert nothing.mean() > 0.2


@given(st.lists(st.integers(1, 400), min_size=1, max_size=40), st.floats(0, 1))
def test_a_design_effect_lies_between_none_and_one_trial_a_user(each, alike):
    """Never under 1, and never so that there are fewer trials than one."""
    effect = bounds.design_effect(each, alike)
    assert 1 <= effect <= sum(each) * (1 + 1e-9)
    assert bounds.design_effect([1] * len(each), alike) == 1
    assert bounds.design_effect([], alike) == 1


@pytest.mark.parametrize(
    ("hits", "trials", "rate", "probability"),
    [(0, 4, 0.3, 1.0), (2, 4, 0.3, 0.3483), (4, 4, 0.3, 0.0081), (1, 1, 0.02, 0.02)],
)
def test_so_many_hits_by_chance_are_the_upper_tail_of_the_binomial(hits, trials, rate, probability):
    """2 of 4 come up in a third of all cases where three of ten are hits anyway."""
    assert probability == pytest.approx(bounds.so_many(hits, trials, rate), rel=1e-3)
