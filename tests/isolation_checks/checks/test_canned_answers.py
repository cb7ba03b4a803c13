from __future__ import annotations

import pytest

from isolation_checks.checks import canned_answers
from isolation_checks.checks.canned_answers import answers_differ as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def answered(number, words="'sorry", said=""):
    """A question of its own, and its answer."""
    query = f"q{number}"
    return f"a?{query}{said},A{number} a:{query},/completed,{words} a!{query} "


OWN = answered(1, "A1")
"""An answer that holds its own question's word."""


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        ("", UNKNOWN),
        (OWN, PASS),
        (OWN + "".join(map(answered, (2, 3, 4))), FAIL),
        (OWN + "".join(map(answered, (2, 3))), PASS),  # two may be alike by chance
        ("".join(map(answered, (2, 3, 4))), UNKNOWN),  # a platform that repeats nobody's words
        (OWN + "".join(answered(n, f"'sorry{n}") for n in (2, 3, 4)), PASS),
        (OWN + "".join(answered(n, said="=the_same") for n in (2, 3, 4)), PASS),
        (OWN + "".join(answered(n, f"'sorry,A{n}") for n in (2, 3, 4)), PASS),
        ("b:B1 " + OWN + "".join(answered(n, "'sorry,B1") for n in (2, 3, 4)), PASS),  # b's
    ],
)
def test_different_questions_have_different_answers(script, verdict):
    """The same words for three of them, which hold nothing of any, are canned."""
    assert verdict == ask(check, script).decided


def test_a_few_are_within_what_a_plan_allows():
    """As few as may be errors; they are mentioned."""
    lenient = {"objectives": [{"indicator": "error_share", "limit": 0.9}]}
    outcome = ask(check, OWN + "".join(map(answered, (2, 3, 4))), plan=lenient)
    assert (PASS, "3 answers were the same as others'") == (outcome.decided, outcome.note)
    assert not outcome.bounded


def test_the_witness_is_two_questions_with_one_answer():
    """Both are shown."""
    [found] = ask(check, OWN + "".join(map(answered, (2, 3, 4)))).found
    assert ("canned-answer", 3) == (found.kind, found.times)
    assert ["asked", "got agent_completed"] * 2 == [moment.did for moment in found.witness()]


def test_of_many_answers_some_are_compared_from_the_whole_of_the_run(monkeypatch):
    """What goes wrong late is seen, and no more is claimed than was looked at."""
    monkeypatch.setattr(canned_answers, "LOOKED_AT", 5)
    early = "".join(answered(n, f"'sorry{n}") for n in range(2, 7))
    late = "".join(map(answered, range(7, 15)))
    outcome = ask(check, OWN + early + late)
    assert (FAIL, 14 * 5 // 13) == (outcome.decided, outcome.examined)
