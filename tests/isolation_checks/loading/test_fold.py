from __future__ import annotations

import pytest

from isolation_checks.records import Ending, SessionId
from tests.isolation_checks.language import recorded, told


def test_a_query_is_folded_from_asking_to_its_end():
    """Due, sent, first event, done: seconds of the run."""
    [query] = told("a?q1@x,A1 +2s a!q1").history.queries.values()
    assert ("a", "a/x", Ending.OK, "completed") == (
        query.principal,
        query.conversation,
        query.ending,
        query.reason,
    )
    assert (1.1, 1.1, 3.3, 3.3) == pytest.approx(
        (query.due_s, query.sent_s, query.done_s, query.over_s)
    )


def test_a_query_that_nobody_saw_end_has_none():
    """Unknown is not zero."""
    [query] = told("a?q1").history.queries.values()
    assert (None, None, None, None, None) == (
        query.ending,
        query.reason,
        query.first_s,
        query.done_s,
        query.over_s,
    )


def test_a_query_that_we_ended_is_over_and_not_done():
    """The platform said nothing; we stopped waiting."""
    [query] = told("a?q1 a!q1=timeout").history.queries.values()
    assert (None, 1.2) == (query.done_s, pytest.approx(query.over_s))


def test_the_order_in_which_a_query_was_noted_does_not_matter():
    """A session that is lost while a query is being sent ends it before it is noted."""
    recording = recorded("a?q1 a!q1=lost")
    recording.streams["history/p0/queries"].reverse()
    [query] = recording.loaded("duckdb").history.queries.values()
    assert (Ending.INFO, "session lost") == (query.ending, query.reason)


def test_an_end_without_a_beginning_is_no_query():
    """What was asked is gone with the rest of the stream."""
    recording = recorded("a?q1 a!q1")
    del recording.streams["history/p0/queries"][0]
    assert {} == recording.loaded("duckdb").history.queries


def test_a_session_is_folded_step_by_step():
    """Due, opening, ready, closed."""
    session = told("a+3 a-").history.sessions[SessionId(2)]
    assert (1.1, 4.1, 4.2, None) == (
        pytest.approx(session.due_s),
        pytest.approx(session.ready_s),
        pytest.approx(session.closed_s),
        session.failed,
    )
    assert (1000, "us") == (session.code, session.by)


def test_a_session_that_failed_says_why():
    """And is over."""
    session = told("a+3!").history.sessions[SessionId(2)]
    assert (None, 4.1, "why") == (session.ready_s, pytest.approx(session.closed_s), session.failed)


def test_a_session_that_goes_on_with_another_says_with_which():
    """One session of the platform's, over two connections."""
    sessions = told("a> a:-").history.sessions
    assert SessionId(1) == sessions[SessionId(2)].resumes
    assert sessions[SessionId(1)].resumes is None


def test_the_first_planting_of_a_canary_counts():
    """A word that is told again was given when it was given first."""
    run = told("a?q1,A1 a?q2,A1")
    [planting] = run.history.plantings.values()
    assert ("a", "q1", "a/q1") == (planting.principal, planting.query, planting.conversation)


def test_provocations_and_principals_are_kept():
    """What the driver did, to whom; and who everybody is."""
    history = told("b*read@x,a a:", tenants={"a": "blue"}).history
    [act] = history.provocations
    assert ("read", "b", "a") == (act.kind, act.principal, act.other)
    assert ("blue", None) == (history.principals["a"].tenant, history.principals["b"].tenant)


@pytest.mark.parametrize(
    ("script", "cut"),
    [
        ("a?q1 b*restart,b a!q1=lost", True),
        ("a?q1 b*restart,b +1.5s a!q1=lost", True),
        ("a?q1 b*restart,b +3s a!q1=lost", False),  # that was not our doing
        ("a?q1 a!q1=lost b*restart,b", False),
        ("a?q1 b*restart,b a!q1=timeout", False),
        ("a?q1 b*connect,b a!q1=lost", False),
    ],
)
def test_what_was_lost_when_we_ended_a_process_is_provoked(script, cut):
    """No objective counts it; what is lost at other times counts."""
    [query] = told(script).history.queries.values()
    assert cut == query.cut == query.provoked


@pytest.mark.parametrize(
    ("script", "cut"),
    [
        ("b*restart,b a+1!", True),
        ("b*restart,b +3s a+1!", False),
        ("b*restart,b a+1", False),  # it was let in
    ],
)
def test_a_connect_that_failed_when_we_ended_a_process_is_marked(script, cut):
    """The platform was not there to let anybody in."""
    sessions = told(script).history.sessions
    assert cut == sessions[SessionId(max(sessions))].cut
