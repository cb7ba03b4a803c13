from __future__ import annotations

import pytest

from isolation_checks.checks.foreign_facts import foreign_facts as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks import trying
from tests.isolation_checks.judging.judging import found
from tests.isolation_checks.language import ask, fact, told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
TOLD = "a?q1,&A1,&A2,&A3,&A9 a:q1,&A1 a!q1 b?q2,B1 "
MUTE = "a?q1,&A1,&A2,&A3 a!q1 b?q2,B1 "


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        ("", UNKNOWN),  # no fact was heard, so none could have strayed
        (TOLD, PASS),
        (TOLD + "b:q2,&A2,&A3", FAIL),  # two facts of one persona in one answer
        (TOLD + "b:q2,&A2 b:q2,&A3", FAIL),  # … or in two frames of it
        (TOLD + "b:q2,&A9", FAIL),  # a motto is nobody else's
        (TOLD + "b:q2,&A2", PASS),  # one fact is a lead
        (TOLD + "b:q2,&A2,&A2", PASS),  # the same twice is one
        (TOLD + "b:q2,&A2 b!q2 b?q3 b:q3,&A3", PASS),  # in two answers
        (TOLD + "c?q4,&C2,&C3 c!q4 b:q2,&A2,&C2", PASS),  # of two personas
        ("b?q2,B1 b:q2,&A2 a?q1,&A1,&A2,&A3 a:q1,&A1", PASS),  # one alone is anybody's
        ("b?q2,B1 b:q2,&A2,&A3 a?q1,&A1,&A2,&A3 a:q1,&A1", UNKNOWN),  # before it was told
        ("a?q1,&A2,&A3 a:q1,&A2 b?q2,&A2,&A3 b:q2,&A2,&A3", PASS),  # b gave it itself: an echo
        (TOLD + "c: b:q2,&C2 b:q2,&A2,&A3", UNKNOWN),  # c's came, never told
        (MUTE + "b:q2,&A2,&A3", FAIL),  # no fact of its own ever came, and two of another's did
        (MUTE + "b:q2,&A2", UNKNOWN),  # only a lead, and nothing was examined
        (TOLD + "b:q2,/delta,&A2,&A3", FAIL),
        (TOLD + "b%&A2,&A3", FAIL),  # the body of an HTTP answer
    ],
)  # fmt: skip
def test_two_facts_of_one_persona_convict_and_one_does_not(script, verdict):
    """Never accuse: what the recipient gave, heard early, or what comes by itself says nothing."""
    assert verdict is ask(check, script).decided


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        (TOLD, PASS),
        (TOLD + "b:q2,&A2,&A3", FAIL),
        ("a?q1,&A1,&A2,&A3 b?q2,B1 b!q2 b:/presence,&A2,&A3", UNKNOWN),  # it answers nothing
    ],
)
def test_an_answer_whose_text_the_plan_places_wrongly_is_read_whole(script, verdict):
    """Or nobody would look at it, and an honest platform could not pass."""
    plan = {"dialect": {"extends": "reference", "where": {"text": ["result.words"]}}}
    assert verdict is ask(check, script, plan=plan).decided


def test_those_who_may_share_are_not_accused():
    """A tenant's mates, where the plan lets them."""
    script = TOLD + "b:q2,&A2,&A3,&A9"
    mates = {"tenants": {"a": "blue", "b": "blue"}}
    plan = {"sharing": [{"scope": "user"}, {"scope": "tenant"}]}
    assert PASS is ask(check, script, **mates, plan=plan).decided
    assert FAIL is ask(check, script, **mates).decided


def test_a_lead_is_shown_and_a_finding_says_what_was_told():
    """One fact is named in the note; two are named in the sentence, with who asked what."""
    lead = ask(check, TOLD + "b:q2,&A2")
    assert lead.note.startswith(
        "one lead, which convicts nobody: an answer to b holds one fact of a"
    )
    [one] = ask(check, TOLD + "b:q2,&A2,&A3 b:q2,&A9").found
    assert f"b was told what is known only of a: {fact('A3')} and {fact('A2')} and " in one.sentence
    assert ("a", "b", 1, "q1", "q2") == (
        one.victim, one.recipient, one.times, one.victim_query, one.recipient_query,
    )  # fmt: skip
    assert ["asked", "asked", "got agent_thinking"] == [moment.did for moment in one.witness()]


def test_facts_that_come_by_themselves_are_said_to():
    """The control: a persona's facts that nobody was ever told."""
    told = ask(check, TOLD + "c: b:q2,&C2 b:q2,&A2,&A3")
    why = f"b was told {fact('C2')!r}, which nobody had given"
    assert told.note.endswith(f"; it convicts nobody, since {why}")
    blind = ask(check, TOLD + "c: b:q2,&C2").blind
    assert blind == (f"facts of personas convict nobody here: {why}",)


def test_facts_that_nobody_had_given_yet_are_said_to_be_unclear():
    """They may be an earlier run's; that they came together is no chance."""
    outcome = ask(check, "b?q2,B1 b:q2,&A2,&A3 a?q1,&A1,&A2,&A3 a:q1,&A1")
    both = f"{fact('A3')} and {fact('A2')}"
    assert f"b was told what is known of a, {both}, before anybody had given it" in outcome.note
    assert () == outcome.found


def test_a_fact_beside_a_foreign_canary_is_the_same_finding():
    """The canary is the root."""
    script = "a?q1,A1,&A2,&A3 a:q1,&A2 b?q2,B1 b:q2,A1,&A2,&A3"
    both = found(script)
    kinds = {finding.kind: finding.folded_into for finding in both.shown}
    assert None is kinds["foreign-canary"]
    assert "F1" == kinds["foreign-fact"]


def test_what_was_told_in_a_probe_does_not_come_by_itself():
    """Nobody wrote down what c told there: its facts convict nobody, and excuse nobody."""
    script = TOLD + "c: b:q2,&C2,&C3 b:q2,&A2,&A3"
    asked = trying.control("c", query="q9")
    [one] = trying.ask(check, script, [asked]).found
    assert ("a", "b") == (one.victim, one.recipient)
    assert "c's" not in one.sentence
    silent = trying.control("c")
    assert UNKNOWN is trying.ask(check, script, [silent]).decided


def test_what_no_answer_could_tell_is_unknown_unless_the_plan_says_so():
    """A platform may answer with the reference alone; nobody knows it but the plan's author."""
    mute = ask(check, MUTE + "b:q2,B1")
    assert (UNKNOWN, 0) == (mute.decided, mute.examined)
    assert mute.note.startswith("no answer held a fact of its own user's persona")
    plan, other = (
        told("", plan={"isolation": {"facts": facts}}).history.plan for facts in (True, False)
    )
    assert None is check.unstated(plan)
    assert check.unstated(other).startswith("facts of personas: the plan sets isolation.facts")
    assert None is check.not_asked(other)  # what comes all the same is judged
