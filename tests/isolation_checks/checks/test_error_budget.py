from __future__ import annotations

import pytest

from isolation_checks.checks.error_budget import error_budget as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def budget(limit, **more):
    return {"plan": {"objectives": [{"indicator": "error_share", "limit": limit, **more}]}}


def queries(well, badly=0, how="timeout"):
    """So many that ended well, and so many that did not."""
    good = [f"a?q{n} a!q{n}" for n in range(1, well + 1)]
    bad = [f"a?q{n} a!q{n}={how}" for n in range(well + 1, well + badly + 1)]
    return " ".join(good + bad)


@pytest.mark.parametrize(
    ("script", "limit", "verdict", "times"),
    [
        ("", 0.1, UNKNOWN, 0),  # silence proves nothing
        (queries(29), 0.1, PASS, 0),
        (queries(28), 0.1, UNKNOWN, 0),
        (queries(29, 1), 0.1, UNKNOWN, 1),
        (queries(10, 10), 0.1, FAIL, 10),
        (queries(10, 10, "lost"), 0.1, FAIL, 10),
        (queries(10, 10, "error"), 0.1, FAIL, 10),
        (queries(10, 10, "agent_error"), 0.1, FAIL, 10),
        (queries(29, 10, "cut"), 0.1, PASS, 0),  # the run's end cut them off
        (queries(29, 10, "unsent"), 0.1, PASS, 0),
        (queries(29, 10, "dropped"), 0.1, PASS, 0),
        ("a?q1 a?q2", 0.1, UNKNOWN, 0),  # nobody wrote their ends down
    ],
)
def test_few_enough_queries_must_end_badly(script, limit, verdict, times):
    """By exact bounds of the share; what we ended ourselves is counted apart."""
    outcome = ask(check, script, **budget(limit))
    assert (verdict, times) == (outcome.decided, outcome.total)


def test_too_few_queries_are_told_how_many_would_do():
    """29 without an error put the share under a tenth."""
    [said] = ask(check, queries(28), **budget(0.1)).objectives
    assert (29, "0 of 28; 29 queries without an error would do") == (said.needed, said.note)


def test_what_was_counted_apart_is_mentioned():
    """Not away."""
    [objective] = ask(check, queries(1, 3, "cut"), **budget(0.1)).objectives
    assert "3 more were cut off" in objective.note


def test_a_budget_of_nothing_can_only_be_broken():
    """No number of queries shows a share of zero."""
    [clean] = ask(check, queries(29), **budget(0.0)).objectives
    assert (UNKNOWN, None) == (clean.verdict, clean.needed)
    assert "no number of queries shows a share of nothing" in clean.note
    assert FAIL == ask(check, queries(29, 1), **budget(0.0)).decided


def test_answers_that_nobody_can_tie_are_neither_errors_nor_none():
    """A dialect that cannot read a platform must not make it fail, nor pass."""
    silent = " ".join(f"a?q{n} a!q{n}=timeout" for n in range(1, 21))
    assert FAIL == ask(check, silent, **budget(0.1)).decided
    [said] = ask(check, silent.replace(" a!", " a:- a!"), **budget(0.1)).objectives
    assert (UNKNOWN, 0.0) == (said.verdict, said.lower)
    assert said.note.startswith("0 of 20; of 20 more nobody can say")


def test_a_promise_that_was_broken_is_quoted():
    """An objective may stand for an agreement."""
    [said] = ask(check, queries(10, 10), **budget(0.1, agreement="99 of 100")).objectives
    assert "SLA breach: 99 of 100; 10 of 20" == said.note
    assert "errors ≤ 10 %" == said.statement


def test_without_an_objective_it_is_not_asked():
    """The plan says which limits matter."""
    other = {"objectives": [{"indicator": "connect", "limit": "5s", "every": True}]}
    assert "errors" in check.not_asked(told("", plan=other).history.plan)


def test_what_we_made_fail_on_purpose_is_not_counted():
    """Neither as an error nor among the queries, whatever became of it."""
    odd = "a?q8~failing a!q8=agent_error a?q9~cancelled a!q9=agent_cancelled"
    assert 1 == ask(check, f"a?q1 a!q1 {odd}").examined
    usual = odd.replace("~failing", "").replace("~cancelled", "")
    assert 3 == ask(check, f"a?q1 a!q1 {usual}").examined
