from __future__ import annotations

import pytest

from isolation_checks.checks.foreign_identity import identity_of_anothers as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, recorded, subject

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
FRAMES = "history/p0/frames"


@pytest.mark.parametrize(
    ("script", "verdict", "found"),
    [
        ("", UNKNOWN, ()),  # silence proves nothing
        ("a:a# b:b#mail", PASS, ()),
        ("b:a#", FAIL, (("a", "b", "foreign-identity"),)),
        ("b:a#mail", FAIL, (("a", "b", "foreign-identity"),)),
        ("b:a#key", FAIL, (("a", "b", "foreign-credential"),)),
        ("a:a#key", PASS, ()),  # its own token came back
        ("b:/presence,a#", PASS, ()),  # platforms may announce who is there
        ("b:/presence,a#mail", PASS, ()),
        ("b:/presence,a#key", FAIL, (("a", "b", "foreign-credential"),)),  # but no tokens
        ("b:/delta,a#", FAIL, (("a", "b", "foreign-identity"),)),
        ("b:=a", PASS, ()),  # labels are another check's affair
        ("b%a#key", FAIL, (("a", "b", "foreign-credential"),)),
        ("b:b#,A1", PASS, ()),  # canaries too
    ],
)
def test_an_answer_names_nobody_else(script, verdict, found):
    """Ids and emails in answers, credentials anywhere."""
    outcome = ask(check, script)
    assert verdict == outcome.decided
    assert set(found) == {(f.victim, f.recipient, f.kind) for f in outcome.found}


def test_the_witness_marks_the_name():
    """In the frame that it stands in, behind what the recipient had asked."""
    [found] = ask(check, "b?q1,B1 b:q1,a# b:q1,a#").found
    asked, got = found.witness()
    start, end = got.mark
    assert ("asked", subject("a")) == (asked.did, got.text[start:end])
    assert ((FRAMES, 0), (FRAMES, 1)) == found.places
    assert (2, "q1", frozenset({"q1"})) == (found.times, found.recipient_query, found.queries)


def test_an_id_that_is_part_of_a_longer_word_names_nobody():
    """And one that is too short stands in texts by chance."""
    longer = {"subjects": {"a": "user-000001", "b": "xuser-000001"}}
    assert ["b"] == [f.victim for f in ask(check, "c:b# a:", **longer).found]
    assert PASS == ask(check, "b:a#", subjects={"a": "42"}).decided
    assert PASS == ask(check, "b:a#", subjects={"a": "10000002"}).decided  # so may an order be
    assert FAIL == ask(check, "b:a#", subjects={"a": "1049284403929382912"}).decided


def test_users_whom_no_answer_could_name_are_counted():
    """What was not looked for is said: nothing but a number is known of them."""
    recording = recorded("a: b:a#", subjects={"a": "42", "b": "43"})
    assert () == check(recording.loaded("duckdb")).blind  # their addresses tell
    for principal in recording.streams["history/p0/principals"]:
        principal["email"] = None if principal["principal"] == "a" else principal["email"]
    outcome = check(recording.loaded("duckdb"))
    assert PASS == outcome.decided
    [said] = outcome.blind
    assert said.startswith("whether answers named 1 of 2 users: ")


def test_what_the_plan_lets_tenants_share_is_not_foreign():
    """A mate's name may be spoken of."""
    how = {
        "tenants": {"a": "blue", "b": "blue", "c": "red"},
        "plan": {"sharing": [{"scope": "user"}, {"scope": "tenant"}]},
    }
    assert PASS == ask(check, "b:a#", **how).decided
    assert FAIL == ask(check, "c:a#", **how).decided


def test_two_tokens_of_one_user_are_one_user():
    """A file may hold several tokens of one account: its id is its own in both sessions."""
    how = {
        "subjects": {"a": "user-0042", "b": "user-0042"},
        "plan": {"auth": {"source": "file", "path": "tokens.txt"}},
    }
    assert PASS == ask(check, "a:a# b:a# b:b#", **how).decided
