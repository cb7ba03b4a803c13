from __future__ import annotations

import pytest

from isolation_checks.checks.foreign_row import foreign_row as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, fact
from tests.isolation_checks.recording import TABLES

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
TOLD = (
    "a?q1@x,A1,&A1,&A2,&A3,&A9 a:q1,@x,A1 a!q1 b?q2@y,B1 b:q2,@y,B1 b!q2 "
    "messages|a,q1,@x,A1,&A1,&A2 messages|b,q2,@y,B1 "
)
"""Both have asked and were answered, and a row of each was read; a's holds what is known of a."""
NOTES = [*TABLES, {"name": "notes", "text": ["body"]}]


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ("", PASS),
        ("messages|b,q2,&A2,&A3", FAIL),  # about b's own query
        ("messages|b,B1,&A2,&A3", FAIL),  # beside b's own word
        ("messages|b,@y,&A2,&A3", FAIL),  # in b's own conversation
        ("messages|?,>b,q2,&A2,&A3", FAIL),  # of nobody, in a conversation of b's
        ("messages|b,q2,&A9", FAIL),  # a motto is nobody else's
        ("messages|b,q2,&A2", PASS),  # one fact is a lead
        ("messages|b,q2,&A2 messages|b,q2,&A3", PASS),  # in two rows
        ("c?q4,&C2 c!q4 messages|b,q2,&A2,&C2", PASS),  # of two personas
        ("messages|?,q2,&A2,&A3", PASS),  # nobody's
        ("messages|!system,q2,&A2,&A3", PASS),  # the platform's own
        ("messages|!zoe,q2,&A2,&A3", PASS),  # of whom nobody knows what it may have
        ("notes|?,&A2,&A3", PASS),  # of a table that is everybody's
        ("b?q3,&A2,&A3 messages|b,q3,&A2,&A3", PASS),  # b gave it itself
        ("c: messages|b,q2,&C2,&C3 messages|b,q2,&A2,&A3", UNKNOWN),  # c's came, never told
        ("c?q4,&C2,&C3 c!q4 messages|b,q2,&C2,&C3", UNKNOWN),  # b's answer was over before
        ("messages|b,&A2,&A3", UNKNOWN),  # of a run with the same personas, perhaps
    ],
)
def test_rows_hold_two_facts_of_nobody_but_their_owner(rows, verdict):
    """With the caution of answers: a lead, an echo, a fact from elsewhere accuse nobody."""
    assert verdict is ask(check, TOLD + rows, plan={"rows": {"tables": NOTES}}).decided


def test_a_finding_says_whose_facts_whose_row_holds_and_shows_both():
    """The question that told them, the query that the row is about, and the row."""
    [found] = ask(check, TOLD + "messages|b,q2,&A2,&A3 messages|b,q2,&A1,&A9").found
    both = f"{fact('A3')} and {fact('A2')}"
    expected = f"a row of messages that belongs to b holds what is known only of a: {both}"
    assert expected == found.sentence
    assert ("foreign-fact", 639, "a", "b", "row", 2) == (
        found.kind, found.cwe, found.victim, found.recipient, found.channel, found.times,
    )  # fmt: skip
    assert (("rows/1/messages", 2), ("rows/1/messages", 3)) == found.places
    assert ["asked", "asked", "owns a row of messages"] == [m.did for m in found.witness()]


def test_a_row_that_words_or_names_convict_is_found_once():
    """The canary beside the facts is the better proof."""
    for row in ("messages|b,q2,A1,&A2,&A3", "messages|b,q1,&A2,&A3"):
        [found] = ask(check, TOLD + row).found
        assert ("foreign-row", 1) == (found.kind, found.times)


def test_a_lead_is_named():
    """It convicts nobody, and whoever looks for the leak wants it."""
    note = ask(check, TOLD + "messages|b,q2,&A2").note
    expected = "one lead, which convicts nobody: a row of messages that belongs to b holds one fact"
    assert note.startswith(expected)


@pytest.mark.parametrize(
    ("row", "how", "verdict"),
    [
        ("messages|b,^5,&A2,&A3", {}, FAIL),  # written in this run
        ("messages|b,^-30,&A2,&A3", {}, UNKNOWN),  # right before it
        ("messages|b,^-30,q2,&A2,&A3", {}, FAIL),  # … about a query of this run
        ("messages|b,&A2,&A3", {"drawn": True}, FAIL),  # no other run has these personas
    ],
)
def test_rows_of_another_run_with_the_same_personas_accuse_nobody(row, how, verdict):
    """A token may have been another persona's there; a drawn seed is this run's alone."""
    tables = [TABLES[0] | {"time": "written", "time_is": "iso"}]
    outcome = ask(check, TOLD + row, plan={"rows": {"tables": tables}}, **how)
    assert verdict is outcome.decided
    assert (verdict is UNKNOWN) == ("another run with this seed may have left it" in outcome.note)


def test_those_who_may_share_rows_are_not_accused():
    """A tenant's mates, where the plan lets them; their answers do not matter."""
    mates = {"tenants": {"a": "blue", "b": "blue"}}
    script = TOLD + "messages|b,q2,&A2,&A3"
    for channels, verdict in ((["row"], PASS), (["frame"], FAIL)):
        sharing = [{"scope": "user"}, {"scope": "tenant", "channels": channels}]
        assert verdict is ask(check, script, **mates, plan={"sharing": sharing}).decided


def test_facts_that_come_by_themselves_convict_no_row_and_are_said_to():
    """In an answer or in a row, what nobody had given is known from elsewhere."""
    for there, came in (
        ("messages|b,q2,&C2", "b owns a row with"),
        ("b:q2,&C2 messages|b,q2,&A2", "b was told"),
    ):
        outcome = ask(check, TOLD + "c: " + there)
        why = f"{came} {fact('C2')!r}, which nobody had given"
        assert (f"facts of personas convict no row here: {why}",) == outcome.blind
