from __future__ import annotations

import pytest

from isolation_checks.checks.foreign_frame import frame_of_anothers as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, conversation, told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
FRAMES = "history/p0/frames"
KNOWN = "a?q1@x a:q1,@x b?q2@y b:q2,@y "
"""Each has asked, and the platform has named each one's conversation."""


@pytest.mark.parametrize(
    ("script", "verdict", "places"),
    [
        ("", UNKNOWN, ()),  # silence proves nothing
        ("a: b:", UNKNOWN, ()),  # nor frames that name nothing, where ids are promised
        ("a:@x b:@x", UNKNOWN, ()),  # nor ids that nobody can tell the owner of
        ("a?q1 a:q1 b:=b", PASS, ()),
        ("a?q1 a:q1 b:q1", FAIL, (1,)),  # a's query in b's frame
        ("a?q1 a:q1 b:=a", FAIL, (1,)),  # a's user id
        (KNOWN + "b:@x", FAIL, (2,)),  # a's conversation
        (KNOWN + "b:q2,@x", FAIL, (2,)),  # even in an answer of b's own
        (KNOWN + "b:q1 a:q2 a:q1", FAIL, (2, 3)),
        (KNOWN + "b%@x b%=a", PASS, ()),  # HTTP bodies are only read for words
    ],
)
def test_names_every_frame_that_is_anothers_by_its_place(script, verdict, places):
    """By the query, the conversation or the user id in it; without known ids nothing is said."""
    outcome = ask(check, script)
    assert verdict == outcome.decided
    assert {(FRAMES, index) for index in places} == {p for f in outcome.found for p in f.places}


def test_a_finding_names_victim_recipient_and_what_says_so():
    """The sentence points at the id, and the witness at the frame."""
    outcome = ask(check, KNOWN + "b:q1,/completed")
    [found] = outcome.found
    assert ("a", "b", "q1", 1) == (found.victim, found.recipient, found.victim_query, found.times)
    assert "b got an agent_completed of a's: the query in it is a's" == found.sentence
    assert ["asked", "connected", "got agent_completed"] == sorted(m.did for m in found.witness())


def test_only_frames_whose_owner_could_be_told_are_examined():
    """Frames without ids, or with ids that are nobody's, could not have shown anything."""
    outcome = ask(check, KNOWN + "a: b: a:@z b:=? c:")
    assert 2 == outcome.examined
    mute = ask(check, "a: b:@z")
    assert 0 == mute.examined
    assert "no frame names a query, a conversation or a user that is known" in mute.note


@pytest.mark.parametrize("kind", ["presence", "typing", "user_joined"])
def test_presence_accuses_nobody(kind):
    """A platform may announce who is there: such frames answer no query."""
    assert PASS == ask(check, f"{KNOWN}b:/{kind},=a c:/{kind},=a").decided


def test_a_user_id_in_an_event_that_answers_queries_is_no_presence():
    """The protocol names those events, and whatever was seen to answer a query is one too."""
    assert FAIL == ask(check, "a?q1 a:q1 b:/tool_executing,=a").decided
    assert FAIL == ask(check, "a?q1 a:q1,/note b:/note,=a").decided


def test_ids_that_the_recipient_asked_for_are_no_proof():
    """Who reads a conversation by its id is told the id again, whatever the answer is."""
    assert FAIL == ask(check, KNOWN + "b:@x,/error").decided
    assert PASS == ask(check, KNOWN + "b*read@x,a b:@x,/error b:@x,=a").decided
    assert FAIL == ask(check, KNOWN + "c*read@x,a b:@x,/error").decided  # another had asked
    assert FAIL == ask(check, KNOWN + "b*read@x,a b:q1,@x").decided  # a query was not asked for


@pytest.mark.parametrize("label", ["=a...", "=b...", "=?"])
def test_labels_cut_short_are_read_as_far_as_they_go(label):
    """`ana-user...` names a only if nobody else's id begins so; an unknown one names nobody."""
    script = f"a?q1 a:q1 b:q2,{label}"
    assert (FAIL if label == "=a..." else PASS) == ask(check, script).decided
    alike = {"subjects": {"a": "user-prefix-1", "b": "user-prefix-2"}}
    assert PASS == ask(check, script, **alike).decided


def test_what_the_plan_lets_tenants_share_is_not_foreign():
    """Mates may see each other's conversations; others may not."""
    tenants = {"a": "blue", "b": "blue", "c": "red"}
    how = {
        "tenants": tenants,
        "plan": {"sharing": [{"scope": "user"}, {"scope": "tenant"}]},
    }
    assert PASS == ask(check, KNOWN + "b:q1,@x,=a", **how).decided
    assert FAIL == ask(check, KNOWN + "c:q1,@x,=a", **how).decided


def test_ids_that_count_each_users_conversations_name_nobody():
    """Where two users have a conversation of the same id, a third one's id tells nothing."""
    counted = "a?q1@x a:q1,@x b?q2@x b:q2,@x a?q3@y a:q3,@y b:@y"
    outcome = ask(check, counted)
    assert PASS == outcome.decided
    assert 3 == outcome.examined  # by their queries


def test_a_conversation_that_we_named_is_known_from_the_start():
    """Where clients name conversations, an id is ours before any answer has repeated it."""
    ours = {"plan": {"dialect": {"extends": "reference", "conversations": "ours"}}}
    run = told("a?q1@x", **ours)
    [named] = run.ownership.claims
    assert "a" == run.ownership.conversation_owner(named)
    assert conversation("x") != named


def test_the_mates_of_another_run_are_not_known():
    """A query id that nobody of this run has used says nothing of whose it is."""
    assert PASS == ask(check, "a?q1 a:q1 b:q77,=b").decided


def test_two_hosts_are_judged_alike():
    """Ids do not depend on clocks."""
    assert FAIL == ask(check, "a?q1 a:q1 b:q1", elsewhere="b").decided
