"""Mechanisms by which things, sessions and users are taken for others than they are."""

from __future__ import annotations

import dataclasses

import pytest

from isolation_checks.judging import findings
from tests.isolation_checks.judging.judging import CROWD, found, outcomes
from tests.isolation_checks.judging.meetings import EVENTS, answered
from tests.isolation_checks.language import recorded, word

CANARY = "foreign canary in a frame"
FRAME = "frame of anothers"
LABELS = "labels contradict content"
ROW = "foreign row"
IDS = "session ids differ"
EVENT = "event protocol"
LET_IN = "everybody let in again"
ANSWERS = "answers differ"

COMMON = "callers are let in as one common user"
TAKEN = "a token is taken for another's"
CLOCK = "ids of sessions are made from the clock"
TWICE = "an id that is given twice"
NEWEST = "the newest socket wins"
KEPT = "what was kept for a dropped socket is sent to another"
ALIKE = "a group named after the beginning of an id"
TO_ALL = "a targeted send became a send to all"
ONE_ID = "a reply finds its session by the client's id alone"
SEARCH = "a search that does not ask whose documents they are"
UNKNOWN_YET = "events follow the conversation's id, which is known to no session yet"
PLACE = "a place that is not given back when a session ends"
CUT_SHORT = "a cache whose key is cut short"
CACHE = "a cache of answers without the user in its key"
CANNED = "a canned text in the place of an answer"
SHARED = "one agent object shared by overlapping runs"
LEFT = "state that another's run had left behind"
UNKNOWN = "unknown"
NEWEST_USER = "a row written with the id of whoever came last"
MIXED_UP = "one's words written into another's row"
MISOWNED = " ".join(f"a?q{n}@x a!q{n} messages|c,q{n}" for n in (4, 5, 6))
C_IS_C = "c?q9 c:q9,=c c!q9 "


def _both(number, one="a", other="b", pause=""):
    """Two are told one id of their sessions."""
    said = f"/connection_established,${number}"
    return f"{one}:{said} {pause} {other}:{said}"


@pytest.mark.parametrize(
    ("script", "check", "mechanism"),
    [
        (C_IS_C + "a?q1,A1 a:q1,=?,A1 a!q1 b?q2,B1 b:q2,=?,A1 b!q2", CANARY, COMMON),
        # one alone is called so: that may be anything
        (C_IS_C + "a?q1,A1 a:q1,=a,A1 a!q1 b?q2,B1 b:q2,=?,A1 b!q2", CANARY, LEFT),
        # nobody is told its own name: these may be words of the platform's own
        ("a?q1,A1 a:q1,=?,A1 a!q1 b?q2,B1 b:q2,=?,A1 b!q2", CANARY, LEFT),
        (C_IS_C + "a:=a b?q2,B1 b:q2,=a,B1 b:q2,/completed,=a,B1 b!q2", FRAME, TAKEN),
        (C_IS_C + "a:=a b?q2,B1 b:q2,=a,B1 b:q2,/completed,=a,B1 b!q2", LABELS, TAKEN),
        # it had been told its own name as well: its answer, not its session, is another's
        (C_IS_C + "a:=a b:=b b?q2,B1 b:q2,=a,B1 b!q2", LABELS, UNKNOWN),
        (f"{_both(1)} +2s {_both(2)} +2s {_both(3)}", IDS, CLOCK),
        # two workers that count, and are connected to by turns
        (" ".join(_both(n, *who) for n, who in enumerate(("ab", "cd", "ef"), 1)), IDS, TWICE),
        (f"{_both(1)} +2s {_both(2)}", IDS, TWICE),  # twice is no pattern yet
        (f"{_both(1, pause='+2s')} {_both(2)} +2s {_both(3)}", IDS, TWICE),
        ("b: c: d: a?q1,A1 a- +2s b+0? b:q1,A1", CANARY, KEPT),  # and gone before it was ready
    ],
)
def test_a_finding_looks_like_its_mechanism(script, check, mechanism):
    """By what sessions were told that they are, and when."""
    first = found(script, check).shown[0]
    assert mechanism == first.mechanism, first.because


def test_ids_that_a_sender_fills_in_do_not_hide_where_frames_went():
    """What bears the recipient's own ids went to the newest socket like all the rest."""
    script = f"{CROWD}a?q1,A1 d: e: b+ b:q1,A1 b:q1,A1 c?q3 c+ c:q3,A1 c:q3,A1 d+ e+ c:q3,A1"
    assert {NEWEST} == {finding.mechanism for finding in found(script, CANARY).shown}


@pytest.mark.parametrize(("called", "mechanism"), [("collider", ALIKE), ("somebody", TO_ALL)])
def test_a_group_of_several_is_no_send_to_all(called, mechanism):
    """Where all who got it are called alike, and others were there."""
    run = recorded("d: e: f: g: a?q1,A1 a:q1,A1 b:q1,A1 c:q1,A1 a!q1").loaded("duckdb")
    for number, name in enumerate("abc"):
        said = f"{called}-{number}@x.test" if called == "collider" else f"{name}-one@x.test"
        _change(run.history.principals, name, email=said)
    first = findings.of(run, outcomes(run, CANARY)).shown[0]
    assert mechanism == first.mechanism, first.because


@pytest.mark.parametrize(("twins", "mechanism"), [(True, CUT_SHORT), (False, CACHE)])
def test_a_key_that_holds_a_beginning_is_told_by_whom_it_keeps_apart(twins, mechanism):
    """Those called alike get each other's answers, and those called otherwise their own."""
    same = "what_is_it_that_I_told_you_before"
    script = [f"a?q1={same},A1 +2s a:q1,A1 a!q1 b?q2={same} b:q2,A1 b!q2"]
    for number in (3, 4, 5) if twins else ():
        said = f"what_was_said_{number}"
        script += [f"c?q{number}={said},C{number} +2s c:q{number},C{number} c!q{number}"]
        script += [f"d?q{number}0={said},D{number} +2s d:q{number}0,D{number} d!q{number}0"]
    run = recorded(" ".join(["e: f: g: h:", *script])).loaded("duckdb")
    for number, name in enumerate("ab"):
        _change(run.history.principals, name, email=f"collider-{number}@x.test")
    first = findings.of(run, outcomes(run, CANARY)).shown[0]
    assert mechanism == first.mechanism, first.because


def test_what_passed_between_two_who_are_called_otherwise_is_put_to_no_names():
    """Words to be remembered, whose passing shows beside that of colliders' answers."""
    same = "what_is_it_that_I_told_you_before"
    script = [f"a?q1={same},A1 +2s a:q1,A1 a!q1 b?q2={same} b:q2,A1 b!q2"]
    for number in (3, 4, 5):
        said = f"what_was_said_{number}"
        script += [f"c?q{number}={said},C{number} +2s c:q{number},C{number} c!q{number}"]
        script += [f"d?q{number}0={said},D{number} +2s d:q{number}0,D{number} d!q{number}0"]
    script += ["g?q6~remember,G1 g!q6 h?q7=what_do_you_know_of_me h:q7,G1 h!q7"]
    run = recorded(" ".join(["e: f: g: h:", *script])).loaded("duckdb")
    for number, name in enumerate("ab"):
        _change(run.history.principals, name, email=f"collider-{number}@x.test")
    told = {f.recipient: f for f in findings.of(run, outcomes(run, CANARY)).shown}
    assert (CUT_SHORT, True) == (told["b"].mechanism, "emails" in told["b"].because)
    assert "emails" not in told["h"].because, told["h"]
    assert CUT_SHORT != told["h"].mechanism, told["h"].because


@pytest.mark.parametrize(("named", "mechanism"), [("q7", ONE_ID), (None, UNKNOWN)])
def test_what_passes_only_between_namesakes_was_found_by_their_one_id(named, mechanism):
    """Both had asked under the id that stands in the frame."""
    run = recorded("a?q1,A1 b?q2,B1 d+ e+ b:q7,=a,A1 b:q7,=a a!q1 b!q2").loaded("duckdb")
    for query in ("q1", "q2"):
        _change(run.history.queries, query, named=named)
    first = findings.of(run, outcomes(run, CANARY)).shown[0]
    assert mechanism == first.mechanism, first.because


@pytest.mark.parametrize(("named", "mechanism"), [("q7", ONE_ID), (None, SHARED)])
def test_answers_that_passed_between_namesakes_were_found_by_their_one_id(named, mechanism):
    """Each has the other's, under ids that are both's."""
    run = recorded("a?q1,A1 b?q2,B1 a:q1,B1 b:q2,A1 a!q1 b!q2").loaded("duckdb")
    for query in ("q1", "q2"):
        _change(run.history.queries, query, named=named)
    first = findings.of(run, outcomes(run, CANARY)).shown[0]
    assert mechanism == first.mechanism, first.because


@pytest.mark.parametrize(
    ("named", "others", "mechanism"),
    [
        ("q7", MISOWNED, NEWEST_USER),  # as of theirs, of whom each had an id to itself
        (None, MISOWNED, MIXED_UP),
        ("q7", "", MIXED_UP),  # nobody else says anything
    ],
)
def test_a_row_under_an_id_of_several_may_be_the_others(named, others, mechanism):
    """That it is about its owner's query is no more than that it is its owner's."""
    seen = "a?q1@x,A1 b?q2@y,B1 a!q1 b!q2 messages|a,q1,@x,A1 messages|b,q2,@y,B1 messages|b,q2,A1"
    run = recorded(f"{seen} d: c+ {others}").loaded("duckdb")
    for query in ("q1", "q2"):
        _change(run.history.queries, query, named=named)
    told = {f.recipient: f for f in findings.of(run, outcomes(run, ROW)).shown}
    assert mechanism == told["b"].mechanism, told["b"].because


@pytest.mark.parametrize(("place", "searched"), [("document", True), ("profile", False)])
def test_words_that_were_only_put_into_a_store_came_out_of_it(place, searched):
    """Their owner had asked nothing, so that they stood in no question."""
    run = recorded("a: b?q2,B1 b:q2,A1 b!q2").loaded("duckdb")
    _change(run.history.plantings, word("A1"), place=place)
    first = findings.of(run, outcomes(run, CANARY)).shown[0]
    assert searched == (first.mechanism == SEARCH), first.because


@pytest.mark.parametrize(("lacking", "mechanism"), [("opening", UNKNOWN_YET), ("some", UNKNOWN)])
def test_answers_that_lack_events_only_at_a_beginning_had_no_way_yet(lacking, mechanism):
    """As often among those that follow, it is something else."""
    said = []
    for number in (1, 3, 5):
        first, second = f"q{number}", f"q{number + 1}"
        short = first if lacking == "opening" or number == 1 else second
        for query in (first, second):
            whole = answered("a", query, "A1~").replace(",A1~", "")
            said += [f"a?{query}@x{number}", whole if query != short else f"a:{query},/completed"]
            said += [f"a!{query}"] if query == short else []
    first_found = found(" ".join(said), EVENT).shown[0]
    assert "missing-event" == first_found.kind
    assert mechanism == first_found.mechanism, first_found.because


@pytest.mark.parametrize(
    ("script", "mechanism"),
    [
        ("b: a- a+ a- a+ a- " + "a+0! " * 5, PLACE),
        ("b: b+ b+ b+ b+ a- a+ a- a+ a- " + "a+0! " * 5, UNKNOWN),  # b came more often
        ("b: a- " + "a+0! " * 5, UNKNOWN),  # once is no limit
    ],
)
def test_places_are_not_given_back_where_all_come_to_the_same_number(script, mechanism):
    """Nobody is let in more often than those who are turned away."""
    first = found(script, LET_IN).shown[0]
    assert mechanism == first.mechanism, first.because


@pytest.mark.parametrize(("pause", "mechanism"), [("+3s", CANNED), ("", UNKNOWN)])
def test_a_text_that_was_there_at_once_was_made_for_nobody(pause, mechanism):
    """Where answers to their questions took long."""
    same = " ".join(f"a?q{n},A{n} a:q{n},/completed,'sorry a!q{n}" for n in (1, 2, 3))
    own = " ".join(f"b?q{n},B{n} {pause} b:q{n},/completed,B{n} b!q{n}" for n in (4, 5, 6))
    first = found(f"{same} {own}", ANSWERS).shown[0]
    assert mechanism == first.mechanism, first.because


def test_what_goes_into_a_room_is_doubled_there():
    """Whoever has two sockets in it gets its own events twice: a consequence, no second root."""
    twice = " ".join(f"d:q4,/{event.partition(',')[0]}" for event in ("started", *EVENTS))
    run = recorded(f"e: f: g: a?q1,A1 a:q1,A1 b:q1,A1 d?q4 {twice} d!q4 a!q1").loaded("duckdb")
    for number, name in enumerate("ab"):
        _change(run.history.principals, name, email=f"collider-{number}@x.test")
    known = findings.of(run, outcomes(run, CANARY, EVENT))
    assert {"foreign-canary", "duplicated-event"} <= {each.kind for each in known.shown}
    assert 1 == known.roots


def _change(known, key, **how):
    """A noun of a history, otherwise as it is."""
    known[key] = dataclasses.replace(known[key], **how)
