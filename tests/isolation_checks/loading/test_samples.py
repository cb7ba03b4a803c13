from __future__ import annotations

import pytest

from isolation_checks.loading.samples import (
    authentications,
    belonging,
    completions,
    endings,
    gaps,
    tool_calls,
    waited,
)
from isolation_checks.plan.tables.objectives import Cohort
from isolation_checks.plan.units import Span
from tests.isolation_checks.language import told
from tests.isolation_checks.recording import ENGINES


def took(samples):
    return [(pytest.approx(each.took_s), each.finished) for each in samples.all]


def test_how_long_an_unfinished_query_certainly_waited():
    """From due until we stopped; nothing, where its answer may have come all the same."""
    run = told("a?q1 +3s a!q1=timeout a?q2")
    one, two = run.history.queries.values()
    assert 3.2 == pytest.approx(waited(one, frozenset()))
    assert 0.0 == waited(one, frozenset({"q1"}))
    assert 0.0 == waited(two, frozenset())


def test_our_own_lateness_is_no_certain_part_of_it():
    """It lengthens what is measured, from due; it is not the platform's doing."""
    run = told("a?q1 +2s a!q1 a?q2 +1s a!q2=timeout")
    for query in run.history.queries.values():
        query.due_s -= 1.0
    one, two = completions(run.history, frozenset()).all
    assert (3.2, 2.2) == pytest.approx((one.took_s, one.certain_s))
    assert (2.2, 1.2) == pytest.approx((two.took_s, two.certain_s))


def test_authentication_begins_with_the_upgrade():
    """A session that never got so far is no sample."""
    run = told("a+3 b+2! c:")
    assert [(3.0, True), (2.0, False)] == took(authentications(run.history))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a?q1 a!q1", []),  # no event, no gap
        ("a?q1 a:q1 +2s a:q1 a:q1 a!q1", [(2.2, True), (0.1, True)]),
        ("a?q1 a:q1 +4s a!q1=timeout", [(4.2, False)]),  # it broke off
        ("a?q1 a:q1 a!q1=error", []),  # it was turned away
        ("a?q1 a:q1 a:q1 a!q1=dropped", [(0.1, True)]),
        ("a?q1 a:q1 b?q2 b:q2 a:q1 a!q1 b!q2", [(0.3, True)]),  # each answer for itself
        ("a?q1 a:/started +2s a: a!q1", [(2.2, True)]),  # the platform repeats no id of ours
        ("a?q1 a:q1 a!q1 +3s a:q1", []),  # what comes late is no part of the answer
    ],
)
def test_gaps_lie_between_the_events_of_one_answer(engine, script, expected):
    """And behind the last one of an answer that was never finished."""
    assert expected == took(gaps(told(script, engine), frozenset()))


@pytest.mark.parametrize("engine", ENGINES)
def test_tools_are_timed_from_the_event_that_they_begin(engine):
    """In their order; one that never ended counts as longer than we waited."""
    begin, end = "a:q{0},/tool_executing", "a:q{0},/tool_completed"
    script = f"a?q1 {begin} +2s {end} {begin} {end} a!q1 a?q2 {begin} +3s a!q2=timeout"
    script = script.replace("q{0}", "q1", 4).replace("q{0}", "q2")
    samples = tool_calls(told(script, engine), frozenset())
    assert [(2.2, True), (0.1, True), (3.2, False)] == took(samples)
    assert 0.0 == tool_calls(told(script, engine), frozenset({"q2"})).all[-1].took_s


def test_endings_leave_out_what_we_cut_off():
    """And say how many these were."""
    ended, apart = endings(told("a?q1 a!q1 a?q2 a!q2=timeout a?q3 a!q3=cut").history, {"q2"})
    assert [(False, False), (True, True)] == [(each.wrong, each.unsure) for each in ended]
    assert 1 == apart


@pytest.mark.parametrize(
    ("cohort", "queries"),
    [
        (None, 3),
        (Cohort(tenant="red"), 2),
        (Cohort(tenant="green"), 0),
        (Cohort(role="user"), 3),
        (Cohort(role="twin"), 0),
        (Cohort(kind="question", tenant="blue"), 1),
        (Cohort(kind="recall"), 0),
        (Cohort(phase=Span(0.0, 2.0)), 1),
    ],
)
def test_a_cohort_is_what_all_of_it_is_true_of(cohort, queries):
    """Tenant, role in the cast, kind of query, when it was due."""
    run = told("a?q1 a!q1 +1s a?q2 a!q2 b?q3 b!q3", tenants={"a": "red", "b": "blue"})
    belongs = belonging(run.history, cohort)
    assert queries == sum(map(belongs, completions(run.history, frozenset()).all))
