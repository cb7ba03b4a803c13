from __future__ import annotations

import pytest

from isolation_checks.judging import coverage
from tests.isolation_checks.language import told


def met(script, **how):
    """How often which phases met, where they did."""
    run = told(script, **how)
    found = coverage.of(run.history, run.ownership.circle)
    assert 10 == len(found.met)
    return {(cell.one, cell.other): cell.times for cell in found.met if cell.times}


def test_silence_covers_nothing():
    """And what could not be seen names every pair in which something could have strayed."""
    run = told("")
    empty = coverage.of(run.history, run.ownership.circle)
    assert {0} == {cell.times for cell in empty.met}
    assert coverage.unseen(empty).startswith("no two users ever met while connecting and connect")
    assert "idle and idle" not in coverage.unseen(empty)


def test_a_user_alone_meets_nobody():
    """Two of its own queries are no two users'."""
    assert {} == met("a?q1 a?q2 a!q1 a!q2")


@pytest.mark.parametrize(
    ("script", "cell", "times"),
    [
        ("a?q1 b?q2 a!q1 b!q2", ("waiting", "waiting"), 1),
        ("a?q1 b?q2 c?q3 a!q1 b!q2 c!q3", ("waiting", "waiting"), 3),
        ("a?q1 a!q1 b?q2 b!q2", ("waiting", "waiting"), 0),
        ("b: a?q1 a!q1", ("waiting", "idle"), 1),
        ("a?q1 b+3 a!q1", ("connecting", "waiting"), 1),
        ("a?q1 b+3! a!q1", ("connecting", "waiting"), 1),  # it failed, and had tried
        ("a: b: a?q1 a!q1", ("idle", "idle"), 1),
    ],
)
def test_phases_meet_where_their_stretches_touch(script, cell, times):
    """Counted in pairs of stretches; a session without a question is idle."""
    assert times == met(script).get(cell, 0)


def test_an_answer_streams_from_its_first_event_to_its_end():
    """The same query waits before, and both meet what the other user does meanwhile."""
    run = told("a?q1 b?q2 b!q2 a!q1 b?q3 b!q3")
    run.history.queries["q1"].first_s = run.history.queries["q2"].sent_s - 0.05
    found = coverage.of(run.history, run.ownership.circle)
    times = {(cell.one, cell.other): cell.times for cell in found.met}
    assert (0, 1) == (times["waiting", "waiting"], times["waiting", "streaming"])


def test_strangers_only_and_one_clock_only():
    """Mates who share meet nobody; another machine's seconds are not compared."""
    script = "a?q1 b?q2 a!q1 b!q2"
    shared = {"sharing": [{"scope": "user"}, {"scope": "everyone"}]}
    assert {} == met(script, plan=shared)
    assert {} == met(script, elsewhere="b")
