from __future__ import annotations

import pytest

from isolation_checks.checks.users_overlapped import users_overlapped as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask

PASS, UNKNOWN = Verdict.PASS, Verdict.UNKNOWN
MET = "a?q1,A1 b?q2,B1 a:q1,A1 b:q2,B1 a!q1 b!q2"


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        ("", UNKNOWN),  # silence proves nothing
        ("a?q1 b?q2", UNKNOWN),  # asked and never answered
        (MET, PASS),
        ("a?q1,A1 a:q1,A1 a!q1 b?q2,B1 b:q2,B1 b!q2", UNKNOWN),  # they took turns
        ("a?q1,A1 a?q2,A2 a:q1,A1 a:q2,A2 a!q1 a!q2", UNKNOWN),  # one principal alone
        ("a?q1,A1 b?q2 a:q1,A1 a!q1 b!q2=unsent", UNKNOWN),  # b's was never sent
    ],
)
def test_answers_must_have_come_while_a_stranger_was_served(script, verdict):
    """Whoever is alone cannot meet anybody."""
    assert verdict == ask(check, script).decided


def test_it_says_why_nothing_could_show():
    """Nobody was answered, or nobody met."""
    assert "no query was answered" == ask(check, "a?q1").note
    assert "no two principals' queries were ever open at once" == ask(check, "a?q1 a!q1").note
