from __future__ import annotations

import pytest

from isolation_checks.checks.canaries_echoed import canaries_echoed as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask

PASS, UNKNOWN = Verdict.PASS, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("script", "verdict", "note"),
    [
        ("", UNKNOWN, "no query was answered"),
        ("a?q1,A1 a:q1 a!q1=timeout", UNKNOWN, "no query was answered"),
        ("a?q1,A1 a:q1,A1 a!q1", PASS, ""),
        ("a?q1,A1 a:q1 a!q1", UNKNOWN, "none of 1 answers held a word of its own question"),
        ("a?q1,A1 b?q2,B1 a:q1,B1 a!q1", UNKNOWN, "none of 1 answers held a word"),
        ("a?q1,A1 a:A1 a!q1", PASS, ""),  # by the only query that was open
        ("a?q1,A1 a?q2,A2 a:A1 a!q1 a!q2", UNKNOWN, "none of 2 answers"),  # of neither, surely
        (
            "a?q1,A1 a:q1,A1 a!q1 a?q2 a!q2 a?q3 a!q3",
            PASS,
            "only 1 of 3 answers held a word of their own question",
        ),
    ],
)
def test_answers_must_hold_words_of_their_own(script, verdict, note):
    """Where own words never show, a foreign one could not show either."""
    outcome = ask(check, script)
    assert verdict == outcome.decided
    assert outcome.note.startswith(note)
    assert (note == "") == (outcome.note == "")
