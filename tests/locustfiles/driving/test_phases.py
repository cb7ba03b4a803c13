"""Moments of an answer lie in all of it, whatever it takes."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from locustfiles.driving.phases import EARLIEST_SECONDS, GUESS_SECONDS, Phases

MANY = 3_000


def drawn(phases, behind_s=0.0):
    """Many moments."""
    of = random.Random(7)
    return [phases.moment(of, behind_s) for _ in range(MANY)]


def seen(*seconds):
    """What is known when answers took so long."""
    phases = Phases()
    for each in seconds:
        phases.answered(each)
    return phases


def test_before_anything_was_answered_a_guess_is_made():
    """And nothing is drawn beyond it."""
    assert GUESS_SECONDS == Phases().length_s
    assert EARLIEST_SECONDS <= min(drawn(Phases())) < max(drawn(Phases())) <= GUESS_SECONDS


@pytest.mark.parametrize("length", [0.1, 1.0, 10.0])
def test_every_order_of_magnitude_gets_its_share(length):
    """Of ten seconds' answers a third each is cut in 10 to 100 ms, to 1 s, and to 10 s."""
    shares = Counter(
        next(limit for limit in (0.1, 1.0, 10.0) if moment <= limit * (1 + 1e-9))
        for moment in drawn(seen(length))
    )
    decades = sum(limit <= length for limit in (0.1, 1.0, 10.0))
    assert decades == len(shares)
    for count in shares.values():
        assert MANY / decades == pytest.approx(count, rel=0.15)


def test_the_answers_that_take_long_count_and_the_longest_do_not():
    """Three of four are no longer; one that hung for a minute says nothing of the others."""
    assert 2.0 == pytest.approx(seen(*[1.0] * 50, *[2.0] * 40, 60.0).length_s)


def test_who_became_slow_is_looked_at_as_it_is_now():
    """What was answered long ago is forgotten."""
    assert 3.0 == seen(*[0.1] * 500, *[3.0] * 99).length_s


def test_what_is_left_of_an_answer_is_what_is_drawn_from():
    """Behind its first event; and where nothing is left, it is at once."""
    assert max(drawn(seen(2.0), behind_s=1.5)) <= 0.5
    assert EARLIEST_SECONDS == pytest.approx(max(drawn(seen(2.0), behind_s=5.0)))
