from __future__ import annotations

import pytest

from isolation_checks.checks.first_event import first_event_time as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
OBJECTIVE = {"plan": {"objectives": [{"indicator": "first_event", "limit": "5s", "every": True}]}}


@pytest.mark.parametrize(
    ("script", "verdict", "samples"),
    [
        ("", UNKNOWN, 0),  # silence proves nothing
        ("a?q1 a!q1", PASS, 1),
        ("a?q1 +5s a!q1", FAIL, 1),
        ("a?q1 a!q1=agent_error", PASS, 1),  # it was a sign, whatever it meant
        ("a?q1 +5s a!q1=timeout", FAIL, 1),  # none came, for longer than the limit
        ("a?q1 a!q1=timeout", UNKNOWN, 1),
        ("a?q1 a!q1=unsent a?q2 a!q2=dropped", UNKNOWN, 0),
        ("a?q1 a?q2 a:- +5s a!q1=timeout a!q2=timeout", UNKNOWN, 2),  # one nobody can tie
    ],
)
def test_the_first_sign_must_come_in_time(script, verdict, samples):
    """From due to whatever event of the query came first."""
    [said] = ask(check, script, **OBJECTIVE).objectives
    assert (verdict, samples) == (said.verdict, said.samples)


def test_without_an_objective_it_is_not_asked():
    """The plan says which limits matter."""
    other = {"objectives": [{"indicator": "connect", "limit": "5s", "every": True}]}
    assert "first event" in check.not_asked(told("", plan=other).history.plan)


def test_what_we_made_fail_on_purpose_is_not_counted():
    """However long it took."""
    assert 1 == ask(check, "a?q1 a!q1 a?q2~cancelled +9s a!q2 a?q3~failing a!q3=timeout").examined
