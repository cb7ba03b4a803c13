from __future__ import annotations

import pytest

from isolation_checks.checks.let_in_again import everybody_let_in_again as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("script", "verdict", "examined"),
    [
        ("", UNKNOWN, 0),
        ("a: b:", PASS, 2),
        ("a: a+", PASS, 2),
        ("a: a+ " + "a+! " * 3, FAIL, 5),
        ("a: " + "a+ " * 98 + "a+!", UNKNOWN, 100),  # one of so many may be within the limit
        ("a: " + "a+ " * 598 + "a+!", PASS, 600),  # one of so many is: 0.8 % at most
        ("a: a+?", PASS, 1),  # nobody saw how it ended
        ("a: " + "a+!^ " * 3, PASS, 1),  # a queue of our own may be why
        ("a: a+!^ " + "a+! " * 3, FAIL, 4),  # whoever stays shut out is
    ],
)
def test_who_had_been_let_in_is_let_in_again(script, verdict, examined):
    """By the share of the refused that is certain."""
    outcome = ask(check, script)
    assert (verdict, examined) == (outcome.decided, outcome.examined)


def test_who_never_came_in_is_not_counted():
    """There may be good reasons to refuse somebody for good."""
    run = told("a: a+! b: b+")
    first = next(s for s in run.history.sessions.values() if s.principal == "a")
    first.ready_s, first.failed = None, "HTTP 401"
    assert (2, Verdict.PASS) == (check(run).examined, check(run).decided)


def test_one_finding_for_each_of_them():
    """With how often, and in the platform's words."""
    [found] = ask(check, "a: a+ a+! a+!").found
    assert ("refused-connect", "a", 2) == (found.kind, found.victim, found.times)
    assert "a had been let in before, and was turned away: why" == found.sentence
    assert ["connected again", "was refused: why"] == [m.did for m in found.witness()]
