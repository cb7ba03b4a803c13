"""What figures show of a run."""

from __future__ import annotations

import pytest

from isolation_checks.judging import courses, timeline
from tests.isolation_checks.judging.judging import outcomes
from tests.isolation_checks.language import told

LATER = "a+ b+ a?q1,A1 a:q1,A1 a!q1 +3s b?q2,B1 b:q2,B1,A1 +7s b!q2=timeout"


def of(script):
    run = told(script)
    return run, timeline.of(run.history, outcomes(run))


def test_silence_has_no_slices():
    """Nothing was asked, so nothing is drawn."""
    run, none = of("")
    assert none is None
    assert timeline.heat(run.history, none) is None
    assert () == courses.of(run)


def test_slices_count_what_was_over_and_what_was_found():
    """An answer in the second in which it came, the foreign word where it was seen first."""
    _, run = of(LATER)
    assert 1.0 == run.slice_s
    assert 1 == sum(each.answered for each in run.slices)
    assert 1 == sum(each.good for each in run.slices)
    assert 1 == run.slices[-1].unanswered
    (seen,) = [each for each in run.slices if each.found]
    assert 4.0 <= seen.from_s <= 5.0
    answered = next(each for each in run.slices if each.answered)
    assert answered.p50_s == pytest.approx(0.2)


def test_only_sockets_stay_open():
    """An answer over HTTP is over when it has come, so it is no open session."""
    _, run = of("a+ a?q1,A1 a%A1 a%A1 a%A1 +3s a!q1")
    assert 2 == max(each.sessions for each in run.slices)


def test_the_map_counts_every_answer_once_and_what_never_came():
    """Answers in the step of their duration, the rest where they were due."""
    run, slices = of(LATER)
    cells = timeline.heat(run.history, slices)
    assert (1, 1) == (sum(map(sum, cells.counts)), sum(cells.unfinished))
    assert cells.edges_s[0] <= 0.2 <= cells.edges_s[-1]
    ratios = {round(b / a, 3) for a, b in zip(cells.edges_s, cells.edges_s[1:], strict=False)}
    assert 1 == len(ratios)


def test_a_course_is_a_chain_from_due_to_done():
    """Every step begins where the one before ended; like follows like in one step."""
    run, _ = of("a+ a?q1,A1 a:q1,/started a:q1,A1 a:q1,A1 a:q1,/completed a!q1")
    (course,) = courses.of(run)
    assert ["our own lag", "until agent_started", "until agent_thinking"] == [
        step.name for step in course.steps[:3]
    ]
    for before, after in zip(course.steps, course.steps[1:], strict=False):
        assert before.to_s == after.from_s
    assert 0.0 == course.steps[0].from_s
    assert course.steps[-1].to_s <= course.took_s
