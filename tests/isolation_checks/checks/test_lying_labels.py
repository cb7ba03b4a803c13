from __future__ import annotations

import pytest

from isolation_checks.checks.lying_labels import labels_contradict_content as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
FRAMES = "history/p0/frames"


@pytest.mark.parametrize(
    ("script", "verdict", "found"),
    [
        ("", UNKNOWN, ()),  # silence proves nothing
        ("a:=a b:=b", UNKNOWN, ()),  # nor labels without words beside them
        ("a:A1 b:B1", UNKNOWN, ()),  # nor words without labels
        ("a:=a a:A1 b:=b b:B1", UNKNOWN, ()),  # both came, and never in one frame
        # an answer that says where it begins whose it is, and streams its words behind it
        ("a?q1,A1 a:q1,=a,/started a:q1,A1 a!q1", PASS, ()),
        ("b?q1 b:q1,=b,/started b:q1,A1 b!q1", FAIL, (("a", "b"),)),
        ("a?q1,A1 a:q1,=b,/started a:q1,A1 a!q1", FAIL, (("a", "a"),)),
        # where frames have both, these tell: others may name whoever has part in it
        ("a?q1,A1 a:q1,=b,/started a:q1,=a,A1 a!q1", PASS, ()),
        # somebody who comes by is not whose the answer is
        ("a?q1@x,A1 a:@x,=b,/joined a:q1,@x,A1 a!q1", UNKNOWN, ()),
        ("a:=?,A1", UNKNOWN, ()),  # nor labels that mean nobody who is known
        ("a:=a,A1 b:=b,B1", PASS, ()),
        ("b:=b,A1", FAIL, (("a", "b"),)),  # laundered: the recipient's id on foreign words
        ("b:=a,A1", PASS, ()),  # foreign, and honestly labelled: another check's affair
        ("a:=b,A1", FAIL, (("a", "a"),)),  # one's own words under another's name
        ("c:=b,A1", FAIL, (("a", "c"),)),  # a third one's name
        ("b:=b...,A1", FAIL, (("a", "b"),)),  # a label cut short lies as well
        ("a:=a...,A1", PASS, ()),
        ("b:=b,A1~", UNKNOWN, ()),  # not planted: convicts nobody
        ("b:=b,A1^", UNKNOWN, ()),  # of an earlier run
    ],
)
def test_a_label_beside_somebody_elses_words_lies(script, verdict, found):
    """The user id must name the owner of the canaries; what cannot show it is unknown."""
    outcome = ask(check, script)
    assert verdict == outcome.decided
    assert set(found) == {(f.victim, f.recipient) for f in outcome.found}


def test_labels_apart_from_all_words_are_said_to_be():
    """Whoever wrote the plan may mean another place, or none."""
    assert "leave dialect.where.user out" in ask(check, "a:=a a:A1 b:=b b:B1").note
    assert "see dialect.where.user" in ask(check, "a:A1 b:B1").note
    assert "no frame held a canary" in ask(check, "a:=a b:=b").note  # nor would any label help


def test_a_finding_says_who_is_named_and_whose_words_they_are():
    """Each kind of lie once, with its places and what was asked."""
    [found] = ask(check, "a?q1,A1 b:=b,A1 b:=b,A1").found
    assert "a frame says that it is b's and holds words that only a was given" == found.sentence
    assert ((FRAMES, 0), (FRAMES, 1)) == found.places
    assert (345, 2, "q1") == (found.cwe, found.times, found.victim_query)
    assert ["asked", "got agent_thinking"] == [moment.did for moment in found.witness()]


def test_an_answer_that_names_another_than_its_words_do_is_a_finding():
    """Its sentence says that no single frame has both."""
    [found] = ask(check, "b?q1 b:q1,=b,/started b:q1,A1 b!q1").found
    assert "an answer says that it is b's and holds words that only a was given" == found.sentence


def test_labels_that_two_ids_begin_with_name_nobody():
    """Cut short, they may mean either."""
    alike = {"subjects": {"a": "user-prefix-1", "b": "user-prefix-2"}}
    assert UNKNOWN == ask(check, "b:=b...,A1", **alike).decided


def test_a_mates_name_on_shared_words_is_no_lie():
    """In a conversation that a tenant shares, a frame may name whoever opened it."""
    how = {
        "tenants": {"a": "blue", "b": "blue", "c": "red"},
        "plan": {"sharing": [{"scope": "user"}, {"scope": "tenant"}]},
    }
    assert PASS == ask(check, "a:=b,A1 b:=b,A1", **how).decided
    assert FAIL == ask(check, "c:=c,A1", **how).decided


def test_bodies_of_http_answers_have_no_label():
    """They are only read for words."""
    assert UNKNOWN == ask(check, "b%=b,A1").decided
