"""What missed times look like: said where they tell, and not where they do not."""

from __future__ import annotations

import itertools
import random

import pytest

from isolation_checks.judging import slowness
from isolation_checks.loading.history import Query, Session
from isolation_checks.records import Ending
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import ObjectiveOutcome
from tests.isolation_checks.language import told

PAUSE = 0.2
"""Seconds between two that come."""


def outcome(indicator, verdict=Verdict.FAIL):
    """An objective of which nothing matters but how it came out."""
    return ObjectiveOutcome(
        name="",
        indicator=indicator,
        statement="",
        verdict=verdict,
        unit="s",
        limit=1.0,
        measured=None,
        lower=None,
        upper=None,
        samples=0,
        censored=0,
    )


def history(indicator, took):
    """A history in which so much was timed, a fifth of a second apart."""
    known = told("a:").history
    known.sessions.clear()
    for number, took_s in enumerate(took):
        began_s = PAUSE * number
        about = {"principal": "a", "process": "p0"}
        if indicator == "connect":
            known.sessions[1000 + number] = Session(
                id=1000 + number,
                channel="websocket",
                opening_s=began_s,
                ready_s=began_s + took_s,
                **about,
            )
        else:
            known.queries[f"x{number}"] = Query(
                id=f"x{number}",
                session=1,
                conversation="c",
                kind="question",
                text="",
                index=number,
                due_s=began_s,
                sent_s=began_s,
                first_s=began_s + took_s,
                done_s=began_s + took_s,
                over_s=began_s + took_s,
                ending=Ending.OK,
                **about,
            )
    return known


def said(indicator, took, verdict=Verdict.FAIL):
    """What such times look like; None where they do not tell."""
    looks = slowness.look(history(indicator, took), outcome(indicator, verdict))
    return looks and looks.mechanism


def queued(number, each_s):
    """Times of what is served one after another."""
    free = 0.0
    for came_s in (PAUSE * place for place in range(number)):
        free = max(free, came_s) + each_s
        yield free - came_s


def mixed(number, slow, seed=7):
    """Times around a third of a second, some of which take so long instead."""
    dice = random.Random(seed)
    return [slow if dice.random() < 0.2 else dice.uniform(0.2, 0.5) for _ in range(number)]


@pytest.mark.parametrize(
    ("indicator", "looks"),
    [
        ("connect", slowness.ONE_BY_ONE),
        ("completion", slowness.WAITING),
        ("first_event", slowness.WAITING),
    ],
)
def test_what_waits_in_one_queue_takes_the_longer_the_more_is_under_way(indicator, looks):
    """Not where each is served as it comes, however long that takes."""
    assert looks == said(indicator, queued(30, 0.5))
    assert said(indicator, queued(30, 0.1)) is None
    assert said(indicator, queued(9, 0.5)) is None  # few tell nothing
    assert said(indicator, mixed(60, 0.5)) is None


def test_a_slow_share_is_one_that_neither_load_nor_time_explains():
    """And that is slower by far."""
    assert slowness.SHARE == said("completion", mixed(200, 6.0))
    assert said("completion", mixed(200, 0.9)) is None
    cold = [6.0] * 8 + mixed(60, 0.5)  # slow as long as it is new
    assert said("completion", cold) is None
    assert said("completion", [0.3] * 60 + [6.0] * 4) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("times", "looks"),
    [([0.0] * 20, None), ([6.0, 0.0, 0.0] * 8, slowness.SHARE), ([6.0] * 20, None)],
)
def test_what_took_no_time_at_all_is_no_division_by_zero(times, looks):
    """A coarse clock may say so of many; all at once are no share of anything."""
    assert looks == said("first_event", times)


def test_nothing_is_said_of_what_is_not_missed_or_of_other_things():
    """A met objective needs no lead, and shares and rates have none."""
    for verdict in (Verdict.PASS, Verdict.UNKNOWN):
        assert said("completion", queued(30, 0.5), verdict) is None
    assert said("error_share", queued(30, 0.5)) is None


def test_it_says_its_numbers():
    """How much longer for each, how long alone, and by which correlation."""
    looks = slowness.look(history("connect", queued(30, 0.5)), outcome("connect"))
    assert looks.because.startswith("a connect took 0.")
    assert " s (median) with at most one other (rank correlation 1.00, up to " in looks.because
    looks = slowness.look(history("completion", mixed(200, 6.0)), outcome("completion"))
    slow = sum(each == 6.0 for each in mixed(200, 6.0))
    assert f"{slow} of 200 ({slow / 200:.0%}) took 6 s and longer, all others at most 0.5 s" in (
        looks.because
    )


def test_ranks_of_ties_are_their_mean():
    """As Spearman's correlation wants them."""
    values = [3.0, 1.0, 3.0, 2.0]
    assert [3.5, 1.0, 3.5, 2.0] == list(slowness._ranks(slowness.np.array(values)))
    assert list(itertools.repeat(1.5, 2)) == list(slowness._ranks(slowness.np.array([4.0, 4.0])))
