from __future__ import annotations

import pytest

from isolation_checks.checks.history_complete import history_complete as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, recorded

PASS, UNKNOWN = Verdict.PASS, Verdict.UNKNOWN
ANSWERED = "a?q1,A1" + " a:q1,A1" * 20 + "{} a!q1 b?q2 b!q2"
"""An answer of twenty messages, and what else came meanwhile."""


@pytest.mark.parametrize(
    ("script", "verdict", "many"),
    [
        (ANSWERED.format(""), PASS, None),
        (ANSWERED.format(" a:-" * 2), PASS, "2 of 22"),  # a beat of the heart
        (ANSWERED.format(" a:-" * 3), UNKNOWN, "3 of 23"),  # more than a tenth
        (ANSWERED.format(" b:-" * 30) + " a:-", PASS, "31 of 51"),  # b awaited nothing then
        ("a?q1,A1" + " a:-" * 3, UNKNOWN, "3 of 3"),  # whose end nobody heard
    ],
)
def test_messages_that_the_dialect_cannot_read_are_said_and_may_be_too_many(script, verdict, many):
    """Nobody is accused; what could not be seen is said, and is too much where answers were due."""
    outcome = ask(check, script)
    assert verdict is outcome.decided
    said = outcome.note if verdict is UNKNOWN else " ".join(outcome.blind)
    shown = "such as '\ufffdnothing that anybody reads'"
    expected = f"the dialect could read nothing in {many} messages, {shown}: they were"
    assert said.startswith(expected if many else "")
    assert bool(said) == bool(many)


@pytest.mark.parametrize(
    "content", [b"3probe", b"pong", b"[]", b'{"type": "beat", "at": 1794000000}']
)
def test_what_holds_no_words_or_says_its_kind_is_read(content):
    """Messages of other layers are short; one that says what it is could be read."""
    recording = recorded(ANSWERED.format(" a:-" * 9))
    for frame in recording.streams["history/p0/frames"]:
        if frame["content"].startswith(b"\xff"):
            frame["content"] = content
    outcome = check(recording.loaded("duckdb"))
    assert (PASS, ()) == (outcome.decided, outcome.blind)
