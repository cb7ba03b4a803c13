from __future__ import annotations

import pytest

from isolation_checks.checks import unplaced
from tests.isolation_checks.language import told
from tests.isolation_checks.recording import ENGINES

NO_PROTOCOL = {"dialect": {"extends": "reference", "protocol": [], "repeats": []}}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("script", "queries"),
    [
        ("", set()),
        ("a?q1 a?q2 a:- a!q1 a!q2=timeout", {"q1", "q2"}),
        ("a?q1 a?q2 a: a!q1=lost a!q2=timeout", {"q2"}),  # lost ones are never judged
        ("a?q1 a:q1 a!q1=timeout", set()),  # it was placed
        ("a?q1 a!q1=timeout a:- a:", set()),  # too late for it
        ("a:- a?q1 a!q1=timeout", set()),  # too early
        ("a?q1 b:- a!q1=timeout", set()),  # on another's session
        ("a?q1 a?q2 a:q9 a:=? a!q1 a!q2", {"q1", "q2"}),  # names nobody knows
        ("a?q1 a?q2 b?q3 a:q3 a:=b a:/ping a%- a!q1 a!q2", set()),  # of others, or no answers
        ("a?q1 a:-", set()),  # nobody saw it end
    ],
)
def test_frames_that_may_have_been_an_answer_leave_queries_open(engine, script, queries):
    """In the time of the query, on its session, and tied to none."""
    assert queries == unplaced.unsure(told(script, engine))


@pytest.mark.parametrize(
    ("kind", "queries"),
    [("note", {"q1", "q2"}), ("connection_established", set()), ("ping", set())],
)
def test_without_a_protocol_any_event_may_answer(kind, queries):
    """But for those that open a session, or that we answer."""
    script = f"a?q1 a?q2 a:/{kind} a!q1 a!q2"
    assert queries == unplaced.unsure(told(script, plan=NO_PROTOCOL))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("script", "queries"),
    [
        ("", set()),
        ("a?q1 a:q1 a:/error a!q1=agent_error", {"q1"}),  # perhaps about the session
        ("b?q2 b:q2 b!q2 a?q1 a:/error a!q1=agent_error", {"q1"}),  # others' name their queries
        ("a?q1 a:q1 a:q1,/error a!q1=agent_error", set()),  # it says which
        ("a?q1 a: a:/error a!q1=agent_error", set()),  # nothing here ever names a query
        ("a?q1 a:q1 a:/completed a!q1", set()),  # an answer, not an error
    ],
)
def test_an_error_that_names_no_query_where_others_do_may_be_about_the_session(
    engine, script, queries
):
    """That one query alone was open does not make it that query's."""
    assert queries == unplaced.failed_by_chance(told(script, engine))


def test_the_note_says_how_many_and_how_none_would_come_of_it():
    """Nothing, where there are none; who asks one at a time already is not told to."""
    assert "" == unplaced.note(0, concurrent=2)
    said = "while 2 queries were open, frames came that could not be tied to any"
    assert said == unplaced.note(2, concurrent=1)
    how = ": where events of an answer have no id together, workload.concurrent must be 1"
    assert said + how == unplaced.note(2, concurrent=2)
