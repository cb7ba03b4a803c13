from __future__ import annotations

import pytest

from isolation_checks.checks.response_time import completion_time as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def objective(**how):
    return {"plan": {"objectives": [{"indicator": "completion", "limit": "5s", **how}]}}


def answered(count):
    """So many queries, each answered within two tenths of a second."""
    return " ".join(f"a?q{n} a!q{n}" for n in range(10, 10 + count))


@pytest.mark.parametrize(
    ("script", "verdict", "samples", "censored"),
    [
        ("", UNKNOWN, 0, 0),  # silence proves nothing
        ("a?q1 a!q1", PASS, 1, 0),
        ("a?q1 +5s a!q1", FAIL, 1, 0),
        ("a?q1 +5s a!q1=timeout", FAIL, 1, 1),  # it certainly took longer
        ("a?q1 a!q1=timeout", UNKNOWN, 1, 1),  # gave up before the limit: nobody knows
        ("a?q1 a!q1=lost", UNKNOWN, 1, 1),
        ("a?q1 a!q1=cut", UNKNOWN, 1, 1),
        ("a?q1", UNKNOWN, 1, 1),  # nobody wrote its end down
        ("a?q1 a!q1=error", UNKNOWN, 0, 0),  # turned away: an error, not a quick answer
        ("a?q1 a!q1=unsent", UNKNOWN, 0, 0),
        ("a?q1 a!q1=dropped", UNKNOWN, 0, 0),
        ("a?q1 a?q2 a:- +5s a!q1=timeout a!q2=timeout", UNKNOWN, 2, 2),  # answers nobody can tie
    ],
)
def test_every_answer_must_be_complete_in_time(script, verdict, samples, censored):
    """From due; the unfinished count as longer than they lasted, and are never dropped."""
    [said] = ask(check, script, **objective(every=True)).objectives
    assert (verdict, samples, censored) == (said.verdict, said.samples, said.censored)


def test_fifty_nine_answers_do_for_p95():
    """If none exceeds; with fewer the number that would do is named."""
    [enough] = ask(check, answered(59), **objective(quantile=0.95)).objectives
    assert (PASS, None) == (enough.verdict, enough.needed)
    assert 0.1 == pytest.approx(enough.upper)
    [few] = ask(check, answered(58), **objective(quantile=0.95)).objectives
    assert (UNKNOWN, 59) == (few.verdict, few.needed)
    assert "too few samples: 59 would do if none exceeds" == few.note


def test_a_limit_within_the_interval_is_unknown():
    """More samples would tell, not a lucky look."""
    slow = " ".join(f"a?q{n} +6s a!q{n}" for n in (1, 2, 3))
    [said] = ask(check, f"{answered(80)} {slow}", **objective(quantile=0.95)).objectives
    assert UNKNOWN == said.verdict
    assert said.lower < 5 < said.upper
    assert "the limit lies within the interval: more samples would tell" == said.note


def test_a_quantile_that_is_certainly_over_the_limit_fails():
    """The lower bound exceeds it."""
    slow = " ".join(f"a?q{n} +6s a!q{n}" for n in range(1, 10))
    [said] = ask(check, f"{answered(20)} {slow}", **objective(quantile=0.9)).objectives
    assert FAIL == said.verdict
    assert said.lower > 5


def test_several_objectives_are_judged_each():
    """The check is as bad as the worst of them."""
    both = [
        {"indicator": "completion", "limit": "5s", "every": True},
        {"indicator": "completion", "limit": "50ms", "every": True},
        {"indicator": "connect", "limit": "2s", "every": True},
    ]
    outcome = ask(check, "a?q1 a!q1", plan={"objectives": both})
    assert [PASS, FAIL] == [said.verdict for said in outcome.objectives]
    assert (FAIL, 1) == (outcome.decided, outcome.total)
    assert "completion, every ≤ 5 s" == outcome.objectives[0].statement


def test_without_an_objective_it_is_not_asked():
    """The plan says which limits matter."""
    other = {"objectives": [{"indicator": "connect", "limit": "5s", "every": True}]}
    assert "completion" in check.not_asked(told("", plan=other).history.plan)


def test_what_we_made_fail_on_purpose_is_not_counted():
    """However long it took."""
    assert 1 == ask(check, "a?q1 a!q1 a?q2~cancelled +9s a!q2 a?q3~failing a!q3=timeout").examined


@pytest.mark.parametrize(
    ("meanwhile", "stood_still"),
    [("+6s", True), (" ".join(f"+1s d?q{n} d:q{n} d!q{n}" for n in range(10, 16)), False)],
)
def test_a_missed_objective_says_where_the_time_went(meanwhile, stood_still):
    """Between which events, and whether anybody at all was told anything meanwhile."""
    began = "a?q1 b?q2 c?q3 a:q1,/tool_executing b:q2,/tool_executing c:q3,/tool_executing"
    ended = " ".join(
        f"{who}:{query},/tool_completed {who}!{query}"
        for who, query in (("a", "q1"), ("b", "q2"), ("c", "q3"))
    )
    [missed] = ask(check, f"{began} {meanwhile} {ended}", **objective(every=True)).objectives
    assert "between tool_executing and tool_completed: look there first" in missed.advice
    assert missed.advice.startswith("Of the time of late answers passed 9")
    assert stood_still == ("nothing to anybody" in missed.advice)
    [met] = ask(check, f"{began} {ended}", **objective(every=True)).objectives
    assert "late answers" not in met.advice
