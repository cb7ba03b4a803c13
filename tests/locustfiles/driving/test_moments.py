from hypothesis import given
from hypothesis import strategies as st

from locustfiles.driving.moments import SPREAD, Moments

NOW = st.floats(min_value=1.7e9, max_value=2.5e9)
EVERY = st.floats(min_value=0.1, max_value=600.0)


@given(NOW, EVERY, st.floats(min_value=0.0, max_value=1.0))
def test_all_who_ask_before_a_moment_wait_for_the_same(now, every, later):
    """Whenever they ask, and whoever they are: two objects know nothing of each other."""
    number, at = Moments(seed=7, name="twins", every_s=every).after(now)
    again = now + later * (at - now) * 0.999
    assert Moments(seed=7, name="twins", every_s=every).after(again) == (number, at)


@given(NOW, EVERY)
def test_the_next_moment_is_near_and_not_too_near(now, every):
    """One in every stretch; two are at least the rest of a stretch apart."""
    moments = Moments(seed=7, name="twins", every_s=every)
    number, at = moments.after(now)
    following, later = moments.after(at)
    assert 0 < at - now <= every * (1 + SPREAD)
    assert following == number + 1
    assert later - at >= every * (1 - SPREAD) * 0.999


def test_moments_differ_from_name_to_name_and_from_seed_to_seed():
    """What is not meant to meet does not do so by construction."""
    kinds = [(7, "twins"), (7, "burst"), (8, "twins")]
    places = {Moments(seed=seed, name=name, every_s=5.0).after(1.8e9)[1] for seed, name in kinds}
    assert len(places) == len(kinds)
