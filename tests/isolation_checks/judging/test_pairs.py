from __future__ import annotations

import pytest

from isolation_checks.checks.check import Check, Found, Outcome
from isolation_checks.judging import pairs
from isolation_checks.verdicts.finding import Pair


def found(owner, recipient, *indexes, **fields):
    """Something found in some frames, as a check says it."""
    plain = {
        "kind": "foreign-canary",
        "cwe": 488,
        "channel": "frame",
        "sentence": "",
        "times": len(indexes),
        "first_s": None,
        "witness": tuple,
        "places": tuple(("history/p0/frames", index) for index in indexes),
    }
    return Found(victim=owner, recipient=recipient, **(plain | fields))


def asked(*each, part="isolation"):
    """A check that found these."""
    check = Check(name="c", asks="?", part=part, cwe=None, function=lambda _: None)
    return check, Outcome(examined=99, unit="frames", found=each)


def pair(owner, recipient, times, channel="frame"):
    """A pair as it is expected."""
    return Pair(owner=owner, recipient=recipient, channel=channel, times=times)


def test_every_pair_is_told_most_often_first():
    """Directions and channels are told apart."""
    row = found("a", "b", 9, channel="row")
    outcomes = [asked(found("a", "b", 1), row), asked(found("b", "a", 2, 3, 4))]
    expected = (pair("b", "a", 3), pair("a", "b", 1), pair("a", "b", 1, "row"))
    assert expected == pairs.of(outcomes)


def test_a_frame_that_two_checks_saw_counts_once():
    """Frames 1 and 2 by their words, 2 and 3 by their ids: three frames."""
    outcomes = [asked(found("a", "b", 1, 2)), asked(found("a", "b", 2, 3, kind="foreign-frame"))]
    assert pairs.of(outcomes) == (pair("a", "b", 3),)


def test_two_canaries_in_one_frame_are_one_frame():
    """A check counts sightings; a pair counts where they were."""
    assert pairs.of([asked(found("a", "b", 1, 1))]) == (pair("a", "b", 1),)


def test_what_was_counted_without_a_place_is_not_lost():
    """A check may keep fewer places than it counted."""
    assert pairs.of([asked(found("a", "b", 1, times=40))]) == (pair("a", "b", 40),)


@pytest.mark.parametrize("case", [("a", "a"), ("a", None), (None, "b")])
def test_nothing_passed_where_there_are_not_two(case):
    """A lying label of one's own frame, a row of nobody's."""
    assert pairs.of([asked(found(*case, 1))]) == ()


def test_a_missing_answer_is_no_passage():
    """Objectives accuse nobody of bleeding."""
    assert pairs.of([asked(found("a", "b", 1), part="objectives")]) == ()
