from __future__ import annotations

import pytest

from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.checks.foreign_identity import identity_of_anothers
from isolation_checks.checks.foreign_row import foreign_row
from isolation_checks.checks.row_accounting import row_accounting
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, subject

PASS, FAIL = Verdict.PASS, Verdict.FAIL
ASKED = "a?q1,A1 b?q2,B2 a:q1,A1 b:q2,B2 a!q1 b!q2 messages|a,q1,A1 messages|b,q2,B2"
SHARED = {"plan": {"sharing": [{"scope": "user"}, {"scope": "tenant"}]}}
MATES = {"a": "blue", "b": "blue"}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("", ()),
        ("messages|a,a#key messages|b,b#key", ()),  # each its own
        ("messages|b,a#key", (("a", "b"),)),
        ("messages|b,q2,B2,a#key", (("a", "b"),)),
        ("messages|?,>b,a#key", (("a", "b"),)),  # in a conversation of b's
        ("messages|!system,a#key", ()),  # whose it is is another finding
        ("messages|b,a#key messages|b,a#key messages|a,b#key", (("a", "b"), ("b", "a"))),
    ],
)
def test_a_row_holds_no_credential_of_anothers(rows, found):
    """Whatever else stands in it, and whether or not it is of one of this run's queries."""
    outcome = ask(foreign_row, f"{ASKED} {rows}")
    kept = [f for f in outcome.found if f.kind == "foreign-credential"]
    assert sorted(found) == sorted((f.victim, f.recipient) for f in kept)
    assert (FAIL if found else PASS) == outcome.decided or "system" in rows
    assert {("row", 522)} >= {(f.channel, f.cwe) for f in kept}
    assert not outcome.note


def test_a_credential_that_may_be_anybodys_convicts_nobody_and_is_counted():
    """Such as a JWT of a third party's: what could not be told is said."""
    outcome = ask(foreign_row, f"{ASKED} messages|b,unknown#key messages|?,>b,unknown#key")
    assert (PASS, "") == (outcome.decided, outcome.note)
    [said] = outcome.blind
    assert said.startswith("whose the tokens in 2 rows of messages are: ")


def test_who_may_share_may_keep_each_others():
    """The plan says who."""
    script = f"{ASKED} messages|b,a#key messages|b,a#"
    assert FAIL == ask(foreign_row, script, tenants=MATES).decided
    outcome = ask(foreign_row, script, tenants=MATES, **SHARED)
    assert (PASS, "") == (outcome.decided, outcome.note)


def test_a_row_that_names_others_is_a_lead():
    """A list of members and an audit name others by right; rows that name their own are none."""
    script = f"{ASKED} messages|b,b# messages|b,q2,a#,a#mail messages|b,a#mail messages|a,>b,b#"
    outcome = ask(foreign_row, script.replace(" messages|a,>b,b#", ""))
    assert PASS == outcome.decided
    assert outcome.note.startswith("2 rows named somebody else, which convicts nobody: a row of ")
    assert f"messages that belongs to b holds {subject('a')!r}, a's" in outcome.note


def test_what_stands_in_rows_is_no_affair_of_those_who_judge_frames():
    """Nor are names and marks canaries whose planting nobody wrote down."""
    script = f"{ASKED} messages|b,q2,a#key,a#"
    assert PASS == ask(identity_of_anothers, script).decided
    assert PASS == ask(foreign_canary_in_a_frame, script).decided
    assert ask(row_accounting, ASKED).found == ()


def test_the_witness_shows_what_was_asked_and_the_row():
    """And every place is told."""
    [found] = ask(foreign_row, f"{ASKED} messages|b,q2,a#key messages|b,a#key").found
    question, row = found.witness()
    assert ("asked", "owns a row of messages") == (question.did, row.did)
    assert "credential.a." in row.text
    assert (2, "q2", frozenset({"q2"})) == (found.times, found.recipient_query, found.queries)
