import itertools
from random import Random

import pytest

from isolation_checks.plan import units
from isolation_checks.plan.tables.workload import Workload
from locustfiles.driving.pace import Arrivals


def arrivals(rate, processes=1, seed=1, **more):
    workload = Workload(model="open", rate=units.rates(rate), **more)
    return Arrivals(workload, processes, Random(seed))


def due(made, to_s, users=1, step=0.25):
    """Due times up to then, computed a little ahead each time."""
    found = []
    for number in range(round(to_s / step)):
        found += made.until((number + 1) * step, users)
    return found


def test_constant_arrivals_are_evenly_spaced():
    times = due(arrivals("20/s", arrivals="constant"), 10)
    assert 200 == pytest.approx(len(times), abs=1)
    assert [0.05] * (len(times) - 1) == pytest.approx([b - a for a, b in itertools.pairwise(times)])


def test_poisson_arrivals_have_their_rate_and_their_spread():
    """Mean and variance of the counts of a second are the rate."""
    times = due(arrivals("20/s"), 400)
    counts = [sum(second <= at < second + 1 for at in times) for second in range(400)]
    mean = sum(counts) / 400
    spread = sum((each - mean) ** 2 for each in counts) / 399
    assert 20 == pytest.approx(mean, rel=0.05)
    assert 20 == pytest.approx(spread, rel=0.25)


def test_how_far_ahead_they_are_computed_changes_nothing():
    one, other = (due(arrivals("20/s..60/s", ramp=7.0), 10, step=step) for step in (0.1, 5))
    assert one == pytest.approx(other)


def test_a_ramp_grows_to_its_rate_and_stays():
    times = due(arrivals("0/s..100/s", arrivals="constant", ramp=10.0), 20)
    assert 500 == pytest.approx(sum(at < 10 for at in times), abs=2)
    assert 125 == pytest.approx(sum(at < 5 for at in times), abs=2)
    assert 1000 == pytest.approx(sum(at >= 10 for at in times), abs=2)


def test_bursts_come_together_at_the_same_mean():
    times = due(arrivals("20/s", arrivals="burst", burst=10), 200)
    assert 4000 == pytest.approx(len(times), rel=0.15)
    assert all(times.count(at) == 10 for at in times[:100])


def test_processes_share_a_rate_and_a_late_one_has_none_of_it():
    shared = [due(arrivals("30/s", processes=3, seed=seed), 100) for seed in range(3)]
    assert 3000 == pytest.approx(sum(map(len, shared)), rel=0.1)
    assert [] == due(arrivals("30/s", processes=0), 100)


def test_a_rate_for_each_user_follows_the_users():
    """Edit, a shape, a ramp of Locust's: whatever changes their number changes the load."""
    made = arrivals("2/s per user", processes=7)
    assert 400 == pytest.approx(len(due(made, 20, users=10)), rel=0.2)
    assert [] == made.until(30.0, 0)
    assert 20 == pytest.approx(len(made.until(40.0, 1)), abs=12)


@pytest.mark.parametrize(
    ("text", "mean"),
    [("1s", 1.0), ("0.5s..1.5s", 1.0), ("exponential 2s", 2.0), ("lognormal 1s 0.5", 1.133)],
)
def test_pauses_are_drawn_from_their_law(text, mean):
    pause, drawn = units.pause(text), Random(1)
    assert mean == pytest.approx(pause.mean, rel=0.001)
    assert mean == pytest.approx(sum(pause.draw(drawn) for _ in range(4000)) / 4000, rel=0.05)
    assert pause == units.pause(str(pause))


@pytest.mark.parametrize("text", ["lognormal 1s", "gauss 1s", "exponential 1", "2s..1s"])
def test_what_is_no_law_is_refused(text):
    with pytest.raises(ValueError, match="write"):
        units.pause(text)


@pytest.mark.parametrize("text", ["20/s", "5/s..50/s", "0.5/s per user"])
def test_rates_are_written_as_they_are_read(text):
    assert text == str(units.rates(text))
    with pytest.raises(ValueError, match="write it like 20/s"):
        units.rates(text.replace("/s", "/h"))
