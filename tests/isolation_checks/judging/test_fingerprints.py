from __future__ import annotations

import dataclasses
import re

import orjson
import pytest

from isolation_checks.checks.recalled import recalled_elsewhere
from isolation_checks.judging import findings
from isolation_checks.judging.fingerprints import at_once, mechanism, scene
from tests.isolation_checks.judging.judging import CROWD, Counted, found, outcomes
from tests.isolation_checks.language import recorded

CANARY = "foreign canary in a frame"
ROW = "foreign row"
EVENTS = "event protocol"
ACCOUNTING = "row accounting"
NEWEST = "the newest socket wins"
TO_ALL = "a targeted send became a send to all"
CACHE = "a cache of answers without the user in its key"
LEFT = "state that another's run had left behind"
SHARED = "one agent object shared by overlapping runs"
READ = "a read by id alone, without a check of the owner"
NEWEST_USER = "a row written with the id of whoever came last"
HUNG = "a?q1 a:q1 a!q1=timeout "
GIVEN_AWAY = "a reply that was given to somebody else who waited for one"
ECHOES = "c?q5,C1 c:q5,C1 c!q5 d?q6,D1 d:q6,D1 d!q6"
EXCHANGED = " ".join(
    f"a?q{n},A{n} b?q1{n},B{n} b:q1{n},A{n} b!q1{n} a!q{n}=timeout {ECHOES.replace('q', f'q{n}')}"
    for n in (1, 2, 3)
)
FAILED_BESIDE = " ".join(
    f"a?q{n},A{n} b?q1{n},B{n} a!q{n}=agent_error b:q1{n},A{n} b!q1{n} "
    + ECHOES.replace("q", f"q{n}")
    for n in (1, 2, 3)
)
STREAMED = "a?q1,A1 a:q1,/delta,A1<9 a:q1,/delta,A1>9 b?q2 b:q2,/delta,A1<9 b:q2,/delta,A1>9 b!q2"
PATTERN = "a subscription that takes the beginning of an id for the whole"
LEFT_ON_A_WORKER = "an identity that another's run had left on a worker"
WRITTEN_AGAIN = "a row that is found without its user, and written again"
KEPT = "an identity that is kept from whoever came first"
MIXED_UP = "one's words written into another's row"
MEMORY = "a memory that is searched without the user in its filter"
TOLD = "a?q1~remember,A1 a!q1 a?q4~remember,A3 a!q4"
RECALLED = (
    f"{TOLD} b?q2~recall b:q2,A1 b!q2 c?q3~recall c:q3,A1 c!q3 d?q5~recall d:q5,A1 d!q5 "
    "b?q6 b!q6 c?q7 c!q7 d?q8 d!q8 b?q9 b!q9 c?q10 c!q10 d?q11 d!q11"
)
MISOWNED = " ".join(f"a?q{n}@x a!q{n} messages|c,q{n}" for n in (4, 5, 6))
SAID_LAST = "d?q1,D1 d!q1 e?q2,E1 e!q2 f?q3,F1 f!q3 g: h: +20s " + " ".join(
    f"{victim}?q{n},{victim.upper()}{n} {victim}!q{n}" for n, victim in enumerate("abc", 4)
)
AS_THE_FIRST = " ".join(
    f"{who}?q{n} {who}!q{n} messages|a,q{n}" for n, who in enumerate("bcdefbcdef", 2)
)
BROKE_OFF = "a?q1,A1 a!q1=lost b?q2,B1 b!q2=agent_error c?q3,C1 c!q3=dropped"
LONG = "c?q8 +2s c!q8 c?q9 +2s c!q9"
OF_TWO = "a?q1,A1 e:q1,A1 a!q1 b?q2,B2 f:q2,B2 b!q2 a?q3,A3 e:q3,A3 a!q3 b?q4,B4 f:q4,B4 b!q4"
ASTRAY = " ".join(f"a?q{n},A{n} {who}:q{n},A{n} a!q{n}" for n, who in enumerate("bcbcbc", 1))
TO_B = "b+ " + " ".join(f"a?q{n},A{n} b:q{n},A{n} b:q{n} a!q{n}" for n in range(1, 7))
OF_OTHERS = " ".join(f"a?q{n}@x a!q{n} messages|{who},q{n}" for n, who in enumerate("cdcdcd", 4))
MISKEPT = " ".join(
    f"{who}?q{n}~remember,{who.upper()}{n} {who}!q{n} messages|c,{who.upper()}{n}"
    for n, who in enumerate("abd", 4)
)
SAME_THREADS = " ".join(
    f"a?q{n},A{n} a:q{n},@{at},A{n} a!q{n} +1s b?q1{n},B{n} b:q1{n},@{at},A{n},B{n} b!q1{n}"
    for n, at in enumerate("xyz", 1)
)
OUT_OF_STEP = " ".join(
    f"{a}?q{n},{a.upper()}{n} {b}?q1{n},{b.upper()}{n} {a}!q{n} {b}!q1{n} "
    f"messages|{a},q{n},{a.upper()}{n} messages|{b},q1{n},{a.upper()}{n}"
    for n, (a, b) in enumerate(("ab", "cd", "ef", "gh"), 1)
)
TITLES = " ".join(
    f"{a}?q{n}@{a},{a.upper()}{n} {b}?q1{n}@{b},{b.upper()}{n} {a}:q{n},@{a} {a}!q{n} "
    f"{b}:q1{n},@{b} {b}!q1{n} messages|{b},@{b},{b.upper()}{n} messages|{a},@{a},{b.upper()}{n}"
    for n, (a, b) in enumerate(("ab", "cd", "ef", "gh"), 1)
)
TAKEN = ("/started", "/thinking", "/completed")
TOOL = "{0},/tool_executing {0},/tool_completed"
SEEN = "a?q1@x,A1 b?q2@y,B1 a!q1 b!q2 messages|a,q1,@x,A1 messages|b,q2,@y,B1 "


@pytest.mark.parametrize(
    ("script", "check", "mechanism"),
    [
        (f"{CROWD}a?q1,A1 a:q1,A1,/started c: d: b+ b:q1,A1 b:q1", CANARY, NEWEST),
        # of few who are there somebody is the last, and one answer is one case
        ("a?q1,A1 a:q1,A1,/started c: d: b+ b:q1,A1 b:q1", CANARY, "unknown"),
        ("b: a?q1,A1 +1s b+ b:q1,A1 b:q1 a!q1 a?q2,A2 b:q2,A2 a!q2", CANARY, "unknown"),
        (f"b: c: {TO_B}", CANARY, NEWEST),
        (f"b: b- {TO_B}", CANARY, "unknown"),  # there is nobody else to whom it could go
        ("a?q1,A1 a:q1,A1 b:q1,A1 c:q1,A1 d:q1,A1", CANARY, TO_ALL),
        (
            "a?q0,A1 a!q0 a?q1=what_is_my_code a:q1,A1 a!q1 b?q2=what_is_my_code b:q2,A1 b!q2",
            CANARY,
            CACHE,
        ),
        # told by a notice without ids, while nothing of the recipient's own was open
        (f"{CROWD}a?q1,A1 b: c: d+ d:/notice,A1 a!q1", CANARY, NEWEST),
        ("a?q1,A1 b: c: d+ d:/notice,A1 a!q1", CANARY, "unknown"),
        (
            "a?q1,A1 b: c: d: a:/notice,A1 b:/notice,A1 c:/notice,A1 d:/notice,A1 messages|a,A1",
            CANARY,
            TO_ALL,
        ),
        ("a?q1,A1 b: c: d: a:q1,/notice,A1 b:/notice,A1 c:/notice,A1 d:/notice,A1", CANARY, TO_ALL),
        ("a?q1,A1 b?q2,B1 b:q2,A1 a!q1 b!q2", CANARY, SHARED),
        # all others get their own, b got a's in the place of its, and a nothing
        (f"{ECHOES} {EXCHANGED}", CANARY, GIVEN_AWAY),
        # and is told that it failed, before b has its words: they had gone to b by then
        (f"{ECHOES} {FAILED_BESIDE}", CANARY, GIVEN_AWAY),
        # so it may be once where they share an agent
        (f"{ECHOES} a?q1,A1 b?q2,B1 b:q2,A1 b!q2 a!q1=timeout", CANARY, "unknown"),
        (f"{ECHOES} a?q1,A1 b?q2,B1 b:q2,A1 b!q2 a:q1,A1 a!q1", CANARY, SHARED),
        # both ask what everybody asks, and the words are of another question: no cache
        ("a?q1=my_code? a:q1 a!q1 a?q3,A1 b?q2=my_code? b:q2,A1 b!q2 a!q3", CANARY, SHARED),
        ("a?q1@x,A1 a:q1,@x,A1 a!q1 b*read@x,a b:@x,A1", CANARY, READ),
        ("a?q1@x,A1 a:q1,@x,A1 a!q1 b*read@x,a b%A1", CANARY, READ),
        # nobody else is there: sent to all, or once more to somebody
        ("b: a?q1,A1 a:q1,A1 +1s b:q1,A1", CANARY, "unknown"),
        # b had asked for c's, and was given a's
        ("a?q1@x,A1 a:q1,@x,A1 a!q1 c?q2@y c:q2,@y c!q2 b*read@y,c b%A1", CANARY, "unknown"),
        # b had asked for it, and so got it as all others did who had not
        ("a?q1@x,A1 b*read@x,a a:q1,@x,A1 b:q1,@x,A1 c:q1,@x,A1 d:q1,@x,A1", CANARY, TO_ALL),
        # two workers have a newest each
        (f"a: b: c: d: +1s e+ +1s f+ +1s {OF_TWO}", CANARY, NEWEST),
        # three are there: one of the two others is always among the last two
        (f"a: b: b- c: c- +1s b+ +1s c+ +1s {ASTRAY}", CANARY, "unknown"),
        (SEEN + f"c: c- d: d- +1s c+ +1s d+ +1s {OF_OTHERS}", ROW, "unknown"),
        # rows that belong to nobody known say nothing of who came last
        (SEEN + "messages|!fallback,q1,A1", ROW, "unknown"),
        (SEEN + "messages|b,q1", ROW, NEWEST_USER),
        (SEEN + f"d: c+ {MISOWNED}", ROW, NEWEST_USER),  # c asked nothing
        (SEEN + f"c+ d+ b+ {MISOWNED}", ROW, "unknown"),
        (SEEN + f"d: c+ {MISKEPT}", ROW, NEWEST_USER),  # nobody searched that memory
        (SEEN + f"c?q8 c!q8 d+ b+ {MISOWNED}", ROW, LEFT_ON_A_WORKER),
        (f"a?q1 a!q1 messages|a,q1 {AS_THE_FIRST}", ROW, KEPT),
        # it came later than most, so it was not the first; and it had nothing open
        (f"{AS_THE_FIRST} a?q1 a!q1", ROW, "unknown"),
        (f"{SAID_LAST} messages|d,A4 messages|e,B5 messages|f,C6", ROW, WRITTEN_AGAIN),
        # what was said before stands there, too
        (
            f"{SAID_LAST} messages|d,D1 messages|d,A4 messages|e,B5 messages|f,C6",
            ROW,
            LEFT_ON_A_WORKER,
        ),
        ("a?q1,A1 a!q1 +5s b?q2,B1 b:A1 b!q2", CANARY, LEFT),  # no ids, but in an answer
        (  # all that anybody is answered with comes in pieces
            STREAMED,
            CANARY,
            SHARED,
        ),
        (  # … and nowhere else, whole or cut as it happens
            f"{STREAMED} c?q3,C1 c:q3,/delta,C1 c!q3",
            CANARY,
            SHARED,
        ),
        # pieces of an answer of a's, which went astray: b had asked for nothing
        ("a?q1,A1 b: c?q3 b:/delta,A1<9 b:/delta,A1>9 c!q3 a!q1", CANARY, "unknown"),
        # a had not left: b was given its answer while it waited
        ("a?q1,A1 b?q2 b:q2,A1 b!q2 a!q1=timeout c?q3 c!q3 c?q4 c!q4", CANARY, SHARED),
        # the row is b's by its query, and only its words are a's
        (SEEN + "messages|b,q2,@y,A1", ROW, MIXED_UP),
        (OUT_OF_STEP, ROW, MIXED_UP),  # though it was always the last who had asked
        # one that lost the canary and kept two facts is as those that did not
        (SEEN.replace("q1@x,", "q1@x,&A2,&A3,") + "messages|b,q2,@y,&A2,&A3", ROW, MIXED_UP),
        (TITLES, ROW, MIXED_UP),  # of one row a conversation it is not the conversation's id
        (f"{TOLD} b?q2 b:q2,A1,A3 b!q2 c?q3 c:q3,A3 c!q3", CANARY, MEMORY),
        # one thing alone that was to be remembered, kept by whatever keeps the first
        (f"{TOLD} b?q2 b:q2,A1 b!q2 c?q3 c:q3,A1 c!q3 d?q5 d:q5,A1 d!q5", CANARY, LEFT),
        # it alone, and only for those who ask what they had told
        (RECALLED, CANARY, MEMORY),
        ("a: b: c: d: a:A1 +5s b:A1", CANARY, "unknown"),
        ("a?q1,A1 a!q1 +5s b?q2,B1 b:q2,A1 b!q2", CANARY, LEFT),  # they never met
        ("a?q1,A1 a!q1 messages|a,A1 messages|c,q9 messages|b,A1 b:", ROW, "unknown"),
        ("a?q1 a!q1=timeout", EVENTS, "accepted and never handled"),
        ("a?q1 a:q1 a!q1=timeout", EVENTS, "unknown"),  # the rows would tell which of two it is
        (HUNG + "messages|a,q1,.over", EVENTS, "the last event is lost"),
        (HUNG + "messages|a,q1,.open", EVENTS, "the agent died without a word"),
        (SEEN + "a?q3 a!q3", ACCOUNTING, "answered, never stored"),
        (SEEN + "messages|a,q1", ACCOUNTING, "written twice"),
        (SEEN + "a?q3 a!q3 messages|!system,q3", ACCOUNTING, "a path without the user's identity"),
        (SEEN + "a?q3 a!q3 messages|a,q3,.open", ACCOUNTING, "a commit without its end"),
    ],
)
def test_a_finding_looks_like_its_mechanism(script, check, mechanism):
    """From wire and rows alone; what fits none is unknown, honestly."""
    first = found(script, check).shown[0]
    assert mechanism == first.mechanism
    assert first.because


@pytest.mark.parametrize(
    ("script", "mechanism"),
    [
        (
            "b: a?q1,A1 a:q1,A1 c: d: b:q1,A1",
            "a second emitter sends each event again, to somebody else",
        ),
        (
            "b: c: d: a?q1,A1 a- +2s b+ b:q1,A1",
            "what was kept for a dropped socket is sent to another",
        ),
        (  # it had its whole answer: what comes afterwards goes to the newest
            f"{CROWD}b: c: d: a?q1,A1 a:q1,A1 a!q1 a- +2s b+ b:q1,/title,A1",
            "the newest socket wins",
        ),
        (
            "a?q1,A1 b?q2 b!q2 +1s b:q2,A1 a!q1",
            "another's frames under the recipient's ids",
        ),
        (
            "a?q1,A1 b?q2 b:q2,/tool_executing,A1 b!q2 a!q1",
            "one dispatcher of tools, whose events follow the run that came last",
        ),
        (  # b's run had come before
            "b?q2 a?q1,A1 b:q2,/tool_executing,A1 b!q2 a!q1",
            SHARED,
        ),
        (  # both waited for one answer
            f"{LONG} a?q1=my_code?,A1 b?q2=my_code? +2s a:q1,A1 b:q2,A1 a!q1 b!q2",
            CACHE,
        ),
        (  # everybody has all events of a tool's
            f"a?q1,A1 b?q2 {TOOL.format('a:q1')} {TOOL.format('b:q2')},A1 a!q1 b!q2",
            "what a tool gave one is given to another",
        ),
        (  # several broke off, and nobody else's words reached others
            f"{BROKE_OFF} d?q4,D1 d:q4,D1,A1 d!q4 e?q5,E1 e:q5,E1,B1 e!q5 f?q6,F1 f:q6,F1,C1 f!q6 "
            + " ".join(f"g?q{n} g!q{n}" for n in range(7, 15)),
            "what a run that broke off had left behind",
        ),
        (  # one was cut off, and everybody behind it gets the answer to the query before
            "a?q0,A1 a!q0=lost b?q1,B1 b:q1,A1 b!q1 c?q2,C1 c:q2,B1 c!q2 d?q3,D1 d:q3,C1 d!q3",
            "a reply left on a connection for whoever borrows it next",
        ),
        (  # one was cut off, and the others' words reached some who had nothing to do with it
            "a?q0,A1 a!q0=lost b?q1,B1 b!q1 e?q4 e:q4,A1 e!q4 c?q2,C1 c:q2,B1 c!q2 "  # noqa: ISC004 - one script
            "f?q5,F1 f!q5 d?q3,D1 d:q3,F1 d!q3",
            LEFT,
        ),
        (
            "a?q1,A1 b?q2 b:q2,/delta,A1<9 b:q2,/delta,A1>9 b!q2 a!q1",
            "answers stream out of one buffer",
        ),
        (  # three of a's came, and three of b's own did not
            "c: d: e: a?q1,A1 b?q2 c+ d+ "
            + " ".join(f"a:q1,{kind},A1 b:q1,{kind},A1" for kind in TAKEN)
            + " b:q2,/tool_executing b:q2,/tool_completed a!q1 b!q2",
            "a frame that was written over before it was sent",
        ),
        (SAME_THREADS, "a conversation that is found by its id alone, where several have the same"),
        (SAME_THREADS.replace("@y", "@x").replace("@z", "@x"), LEFT),  # it has no other ids
        # the answers are in threads of their own: only what went astray names the other's
        (re.sub(r"(b:q(..)),", r"b:q\2,@w\2 \1,", SAME_THREADS), LEFT),
        (  # asked much the same, slowly, and the answer says nothing of what is new in it
            " ".join(
                f"a?q{n}=how_may_i_send_a_parcel_to_{n},A{n} a:q{n},A{n} a!q{n} +5s "
                f"b?q1{n}=how_may_i_send_parcels_to_{n} b:q1{n},A{n} b!q1{n} "
                f"c?q2{n}=what c!q2{n} d?q3{n}=else d!q3{n} c?q4{n}=is c!q4{n}"
                for n in (1, 2, 3)
            ),
            CACHE,
        ),
        ("a?q1,A1 b?q2 b:q2,/error,A1 a!q1", "an error carries another's context"),
        (
            "a?q1,A1 a!q1=lost b?q2 b:q2,A1 b!q2 c?q3 c!q3 c?q4 c!q4 c?q5 c!q5",
            "what a run that broke off had left behind",
        ),
        (
            "c?q5 +5s c!q5 a?q1=please_tell_me_everything_about_one,A1 +5s a!q1 "  # noqa: ISC004 - one script
            "b?q2=PLEASE_tell_me_everything_about_two b:q2,A1 b!q2",
            "a cache whose key is cut short",
        ),
    ],
)
def test_what_only_one_mechanism_leaves_behind_tells_it(script, mechanism):
    """Where frames went, when, in which kinds of events, and whose queries they were."""
    first = found(script, CANARY).shown[0]
    assert mechanism == first.mechanism, first.because


def test_two_whose_sockets_are_mistaken_for_each_other_are_not_written_over():
    """Each lacks what the other got; but of what is written over both get the same."""
    swapped = (
        f"a?q{n},A{n} b?q1{n},B{n} c+ d+ "
        + " ".join(f"b:q{n},{kind},A{n} a:q1{n},{kind},B{n}" for kind in TAKEN)
        + f" +5s a!q{n}=timeout b!q1{n}=timeout"
        for n in (1, 2, 3)
    )
    shown = found(f"c: d: e: {' '.join(swapped)}", CANARY).shown
    assert {"unknown"} == {each.mechanism for each in shown}


@pytest.mark.parametrize(
    ("torn", "others", "told"),
    [
        ("b:A1,… b:A2,… b:A3,…", 20, True),
        ("b:A1,… b:A2,… b:A3", 20, False),  # two may be an accident of any kind
        ("b:A1,… b:A2,… b:A3,…", 2, False),  # so much of what it sends is no message
    ],
)
def test_words_in_messages_that_break_off_were_written_over(torn, others, told):
    """No sender makes half a message; where frames are halves as a rule, they are not messages."""
    first = found("a?q1,A1 a?q2,A2 a?q3,A3 b: " + "b:/presence " * others + torn, CANARY).shown[0]
    assert told == ("a frame that was written over before it was sent" == first.mechanism)
    assert told == ("3 begin as a message does" in first.because)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (lambda message: message + b'\n{"type": "ping"}\n', False),
        (lambda message: repr(orjson.loads(message)).encode(), False),
        (lambda message: message + message[-9:], True),
    ],
)
def test_several_messages_in_a_frame_or_a_repr_were_not_written_over(sent, told):
    """A sender makes these, though no dialect may read them."""
    recording = recorded("a?q1,A1 a?q2,A2 a?q3,A3 b: " + "b:/presence " * 20 + "b:A1 b:A2 b:A3")
    for frame in recording.streams["history/p0/frames"][-3:]:
        frame["content"] = sent(frame["content"])
    run = recording.loaded("duckdb")
    first = findings.of(run, outcomes(run, CANARY)).shown[0]
    assert told == ("a frame that was written over before it was sent" == first.mechanism)


@pytest.mark.parametrize(
    ("before", "others", "told"),
    [
        ("b?q90 b!q90=dropped", "c d e f", True),
        ("b?q90 b!q90", "c d e f", False),  # nothing of its own had been cut off
        ("b?q90 b!q90=dropped", "c", False),  # it would be, by chance
    ],
)
def test_whoever_goes_on_hearing_behind_a_cancelled_query_had_subscribed(before, others, told):
    """All that went astray came to the one session in which a query had been given up."""
    asked = " ".join(f"{who}?q{ord(who)} {who}!q{ord(who)}" for who in others.split())
    strays = " ".join(f"a?q{n},A{n} b:A{n} a:q{n},A{n} a!q{n}" for n in range(10, 20))
    first = found(f"{before} {asked} {strays}", CANARY).shown[0]
    name = "a subscription that outlives the query it was made for"
    assert told == (name == first.mechanism), (first.mechanism, first.because)


def test_a_row_of_nobodys_query_is_what_most_others_are():
    """What a probe asked is none of the run's queries, and stored by the same code."""
    seen = found(SEEN + f"messages|b,A3 d: c+ {MISOWNED}", ROW)
    assert {NEWEST_USER} == {finding.mechanism for finding in seen.shown}
    assert 1 == seen.roots


@pytest.mark.parametrize("third", ["", "c:q1,A1 "])
def test_names_that_begin_alike_explain_what_passes_between_no_others(third):
    """A group or a key is named after the beginning of an id, and may have several members."""
    recording = recorded(f"b: c: d: e: f: a?q1,A1 a:q1,A1 b:q1,A1 {third}a!q1")
    run = recording.loaded("duckdb")
    alike = ("Collider-1@x.test", "collider-2@x.test", "collider-3@x.test")
    for name, email in zip("abc" if third else "ab", alike, strict=False):
        principal = next(p for p in run.history.principals.values() if p.id == name)
        run.history.principals[principal.id] = dataclasses.replace(principal, email=email)
    first = findings.of(run, outcomes(run, CANARY)).shown[0]
    assert "a group named after the beginning of an id" == first.mechanism, first.because


def test_whose_whole_id_begins_those_of_others_hears_them():
    """A subscription by a pattern: user 1 gets what is for 12, too, and never the other way."""
    script = "d: e: f: g: a?q1,A1 a:q1,A1 f:q1,A1 b?q2,B1 b:q2,B1 f:q2,B1 c?q3,C1 c:q3,C1 f:q3,C1"
    numbers = {"a": "41", "b": "42", "c": "43", "d": "5", "e": "6", "f": "4", "g": "77"}
    for swapped, fits in ((numbers, True), ({**numbers, "f": "9"}, False)):
        run = recorded(script).loaded("duckdb")
        for name in numbers:
            principal = run.history.principals[name]
            principal = dataclasses.replace(principal, subject=swapped[name], email=None)
            run.history.principals[name] = principal
        first = findings.of(run, outcomes(run, CANARY)).shown[0]
        assert fits == (PATTERN == first.mechanism), first.because


@pytest.mark.parametrize(
    ("frames", "kind"),
    [
        ("thinking started tool_executing tool_completed completed !", "reordered-event"),
        ("started started thinking tool_executing tool_completed completed !", "duplicated-event"),
        ("started thinking tool_executing tool_completed completed ! tool_executing",
         "event-after-end"),
        ("started thinking tool_executing tool_completed !", "missing-event"),
    ],
)  # fmt: skip
def test_faults_of_delivery_have_mechanisms_of_their_own(frames, kind):
    """A missing event alone says nothing of why it is missing."""
    heard = ["a!q1" if each == "!" else f"a:q1,/{each}" for each in frames.split()]
    first = found(" ".join(["a?q1", *heard]), EVENTS).shown[0]
    assert kind == first.kind
    assert ("unknown" == first.mechanism) == (kind == "missing-event")


def test_the_newest_socket_is_told_from_all_findings_together():
    """A mechanism that shows in many is recognised in each, with how soon it showed."""
    two = found(
        "a?q1,A1 a:q1,/started e: d: b+ b:q1,A1 c+ c:q1,/tool_executing,A1 c:q1,/completed,A1",
        CANARY,
    )
    assert {NEWEST} == {finding.mechanism for finding in two.shown}
    assert (
        "3 of 3 frames of others' queries went to the session that had connected last, "
        "the first 100 ms after its connect"
    ) == two.shown[0].because


def test_what_comes_behind_every_answer_is_not_late():
    """A title is suggested when its answer is over; whose words it holds is another matter."""
    script = "a?q1,A1 a!q1 a:q1,A1,/title b?q2 b!q2 b:q2,A1,/title c?q3,C1 c!q3 c:q3,C1,/title"
    at_once = " ".join(
        f"{who}?q{n}{',A1' if n == 1 else ''} {who}:q{n},/completed {who}:q{n},A1,/title {who}!q{n}"
        for n, who in enumerate("abbb", 1)
    )  # both were there before we had written down that the answer was over
    for told in (script, f"{at_once} b:q4,A1,/title"):
        first = found(told, CANARY).shown[0]
        assert LEFT == first.mechanism
        assert "only title held them" in first.because


def test_a_title_without_ids_that_comes_behind_each_answer_was_left_behind():
    """What waited for its quiet moment is told to whoever has the next one."""
    title = "{0}?q{2} {0}!q{2} {0}:/title,{1}{3}"
    told = [title.format(*each) for each in ("aA11", "bA21", "cB32", "bC43", "aB54")]
    plant = "a?q6,A1 b?q7,B2,B4 c?q8,C3 "
    first = found(f"d: e: {plant}{' '.join(told)} a!q6 b!q7 c!q8 e+ d+", CANARY).shown[0]
    assert LEFT == first.mechanism, first.because
    assert "only title held others' words" in first.because


def test_a_piece_of_a_stream_that_two_got_is_no_send_to_all():
    """Every answer has many of its kind: that each of several got one proves nothing."""
    script = "a?q1,A1 a:q1,/delta a:q1,/delta b+ b:q1,/delta,A1 c+ c:q1,/delta,A1"
    assert TO_ALL not in {finding.mechanism for finding in found(script, CANARY).shown}


def test_an_error_that_is_anothers_own_went_astray_as_all_else():
    """Frames of others' queries, whatever their kinds, are the newest socket's."""
    first = found(f"{CROWD}a?q1,A1 d: b+ b:q1,/tool_executing,A1 b:q1,/error,A1", CANARY).shown[0]
    assert NEWEST == first.mechanism, first.because


def test_the_user_that_a_frame_names_tells_where_its_query_is_unknown():
    """The queries of probes are in no history, and their frames go astray with the rest."""
    first = found(f"{CROWD}a?q1,A1 d: b+ b:=a,/completed,A1 a!q1", CANARY).shown[0]
    assert NEWEST == first.mechanism, first.because


@pytest.mark.parametrize(
    ("said", "mechanism"), [("what_is_my_code", CACHE), ("what_of_$", "unknown")]
)
def test_answers_that_name_who_asked_the_same_before_were_kept(said, mechanism):
    """They hold no word of the victim's; that the question was the same tells it, if often."""
    script = [f"a?q1={said.replace('$', '1')} a:q1 a!q1"]
    for number in (2, 3, 4):
        asked = said.replace("$", str(number))
        script.append(f"b?q{number}={asked} b:q{number},/completed,a# b!q{number}")
    first = found(" ".join(script), "identity of anothers").shown[0]
    assert mechanism == first.mechanism, first.because


def test_those_who_connect_right_behind_a_frame_do_not_hide_whom_it_reached():
    """A platform counts a session a little before it says so: of several nobody is the last."""
    run = recorded(f"{CROWD}a?q1,A1 a:q1,A1,/started b+ b:q1,A1 c: d: e:").loaded("duckdb")
    sessions = run.history.sessions
    (reached,) = [each.came_s for each in sessions.values() if each.principal == "b"][-1:]
    for identity, each in sessions.items():
        if each.principal in {"c", "d", "e"}:
            sessions[identity] = dataclasses.replace(each, ready_s=reached + 0.12)
    first = findings.of(run, outcomes(run, CANARY)).shown[0]
    assert NEWEST == first.mechanism, first.because


@pytest.mark.parametrize(
    ("others", "mechanism"),
    [
        ("", "one conversation's words in another of the same user"),
        ("b?q3,B1 b:q3,A1,B1 b!q3", "state that another's run had left behind"),
    ],
)
def test_ones_own_words_alone_tell_that_conversations_are_mixed_up(others, mechanism):
    """Where another user gets them as well, it is not the conversations alone."""
    script = f"a?q1@x,A1 a:q1,A1 a!q1 +1s a?q2@y,A2 a:q2,A1,A2 a!q2 {others}"
    apart = {"sharing": [{"scope": "conversation"}]}
    assert {mechanism} == {each.mechanism for each in found(script, CANARY, plan=apart).shown}


@pytest.mark.parametrize(
    ("known", "mechanism"),
    [((), "kept only where it was told"), ((14, 17, 19), "kept in one process's memory")],
)
def test_what_no_other_session_knows_is_not_kept_by_one_process_of_few(known, mechanism):
    """By one of two it would be known elsewhere by luck, every other time."""
    script = ""
    for number in range(1, 21):
        elsewhere, recall = number > 10, f"q{number + 100}"
        held = f"A{number}" if not elsewhere or number in known else "'sorry"
        script += f"a?q{number},A{number} a!q{number} {'a+ ' if elsewhere else ''}"
        script += f"a?{recall}~recall a:{recall},{held} a!{recall} "
    memories = [f"A{number}" for number in range(1, 21)]
    run = recorded(script, memories=memories).loaded("duckdb")
    (first,) = findings.of(run, [(recalled_elsewhere, recalled_elsewhere(run))]).shown
    assert mechanism == first.mechanism, first.because


SAID = "a?q1,A1 a:q1,A1 a!q1 b?q2,B1 b:q2,B1 b!q2 "
SHOWN = SAID + " ".join(
    f"{who}+ {who}:/history,{word}" for who, word in zip("cdefcd", ("A1", "B1") * 3, strict=True)
)


LAST = " ".join(
    f"{a}?q{n}@x{n},{a.upper()}{n} {b}?q1{n} {{0}} {b}:q{n},{a.upper()}{n} {a}!q{n} {b}!q1{n}"
    for n, (a, b) in enumerate(("ab", "cd", "ef", "ba", "dc", "fe"), 1)
)


@pytest.mark.parametrize(
    ("between", "last"),
    [("", True), ("a?q9{n} b?q8{n} g?q7{n}", False)],
)
def test_what_goes_to_whoever_asked_last_says_so(between, last):
    """Not what goes to somebody who has asked, and others since."""
    script = LAST.replace("{0}", between)
    for n in range(1, 7):
        script = script.replace("{n}", str(n), 3)
    (first, *_) = found(script, CANARY).shown
    assert last == (first.mechanism == "whoever asked last gets what is sent"), first


KEPT_WITH_IDS = "c?q90 c!q90 d?q91 d!q91 e?q92 e!q92 " + " ".join(
    f"a?q{n}=what,A{n} a:q{n},A{n} a!q{n} +1s b?q1{n}=what b:q{n},/completed,A{n} b!q1{n}"
    for n in range(1, 7)
)
OF_TWO_ALONE = " ".join(f"a?q{n},A{n} b?q1{n} b:q{n},A{n} a!q{n} b!q1{n}" for n in range(1, 7))


@pytest.mark.parametrize(
    "script",
    [
        OF_TWO_ALONE,  # where two are there it could go to nobody else
        KEPT_WITH_IDS.replace("=what b:", "=else b:"),  # of an answer that had been over before
        # however many frames an answer has, it is one case
        f"c?q90 c!q90 d?q91 d!q91 a?q1,A1 b?q2 {' '.join(f'b:q1,{k},A1' for k in TAKEN)} a!q1",
    ],
)
def test_what_whoever_asked_last_gets_by_chance_tells_nothing(script):
    """Nor what it gets of an answer that had been over before."""
    (first, *_) = found(script, CANARY).shown
    assert "unknown" == first.mechanism, first


@pytest.mark.parametrize("who", ["bbbbbb", "bcdbcd", "bcdefg"])
@pytest.mark.parametrize(("said", "mechanism"), [("what", CACHE), ("other", "unknown")])
def test_what_somebody_gets_later_was_not_sent_again_to_whoever_got_it(who, said, mechanism):
    """Nor to all: so a cache gives an answer with its ids to one after the other."""
    kept = " ".join(
        f"+2s {each}?q{n}={said} {each}:q1,A1 {each}!q{n}" for n, each in enumerate(who, 2)
    )
    (first, *_) = found(f"h: i: a?q1=what,A1 a:q1,A1 a!q1 {kept}", CANARY).shown
    assert mechanism == first.mechanism, first
    assert (said == "other") == first.because.startswith("the frames name others' queries")


RESUMED = "a session that is taken up again gives what was another's"


@pytest.mark.parametrize(
    ("script", "mechanism"),
    [
        ("c: d: a?q1,A1 a:q1,A1 a!q1 +3s b> b:q1,A1 b:q1,A1 b:q1,A1", RESUMED),
        ("c: d: a?q1,A1 a:q1,A1 a!q1 +3s b> +2s b:q1,A1 b:q1,A1 b:q1,A1", "unknown"),
        ("c: d: e: a?q1,A1 a:q1,A1 a!q1 +3s b> b:q1,A1 b:q1,A1 +2s c:q1,A1", "unknown"),
        ("a?q1,A1 a:q1,A1 a!q1 +3s b> b> a> b:q1,A1 b:q1,A1 b:q1,A1", "unknown"),
    ],
)
def test_what_comes_with_a_resumed_session_had_been_left_in_it(script, mechanism):
    """What comes later, or to others as well, had not; nor does it tell where all resume."""
    (first, *_) = found(script, CANARY).shown
    assert mechanism == first.mechanism, first
    assert "took its session up again" in {moment.did for moment in first.witness}


def asked_again(where, times=4, order=("a?q{1}@{2}{0} b?q{3}", "b?q{3} a?q{1}@{2}{0}")):
    """B hears what a had told before, each time; a asks again in a conversation, first or last."""
    said = (
        "c?q{3}9 +3s c!q{3}9 a?q{0}@t{0},A{0} +1s a!q{0} +3s ",
        " +1s b:q{3},A{0} b!q{3} a!q{1}",
    )
    return " ".join(
        order[n % len(order)].join(said).format(n, 20 + n, where, 40 + n)
        for n in range(1, times + 1)
    )


@pytest.mark.parametrize(
    ("script", "mechanism"),
    [
        (asked_again("t"), "a reply that was given to somebody else who waited for one"),
        (asked_again("other"), "state that another's run had left behind"),
        (asked_again("t", times=2), "state that another's run had left behind"),
        # always the one behind it: what waits for whoever comes next would do so too
        (
            asked_again("t", order=["a?q{1}@{2}{0} b?q{3}"]),
            "state that another's run had left behind",
        ),
    ],
)
def test_what_was_told_before_comes_when_its_owner_asks_again_just_then(script, mechanism):
    """In that very conversation, and more often than twice."""
    (first, *_) = found(script, CANARY).shown
    assert mechanism == first.mechanism, first


@pytest.mark.parametrize("unseated", ["a", "b"])
def test_who_asked_in_a_session_of_which_nothing_was_written_down_hides_no_mechanism(unseated):
    """A killed process may have written what was asked, and of the session nothing."""
    shown = found(LAST.replace("{0}", ""), CANARY, unseated=unseated).shown
    assert {"whoever asked last gets what is sent"} == {each.mechanism for each in shown}


ANNOUNCED = " ".join(
    f"{a}?q{n},{a.upper()}{n} {b}+ +0.5s {b}:/notice,{a.upper()}{n} {a}!q{n}"
    for n, (a, b) in enumerate(("ab", "cd", "ef", "ba"), 1)
)


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        (SHOWN, True),
        (SHOWN + " a:/history,A1 b:/history,B1", False),
        (SHOWN + " a:/history", False),
        # all come behind connects, but for each of them somebody was being answered
        (f"c: d: e: f: {ANNOUNCED}", False),
    ],
)
def test_what_comes_only_behind_a_connect_is_kept_for_whoever_comes(script, kept):
    """Whoever had connected last gets it, too, but nothing that is sent at another time."""
    (first, *_) = found(script, CANARY).shown
    assert kept == (first.mechanism == "what was kept for a dropped socket is sent to another")


def test_what_reached_others_too_was_not_read_by_its_id(monkeypatch):
    """However many others' queries went astray; and pieces of it go where its other events do."""
    monkeypatch.setattr(scene, "LOOKED_AT_IN_ALL", 1)
    to_all = " ".join(f"{who}:q9,@x,A9,/thinking" for who in "abcd")
    pieces = " ".join("b:q9,@x,A9,/delta" for _ in range(4))
    script = f"a?q1,A1 a:q1,A1 b:q1,A1 c:q1,A1 d:q1,A1 b*read@x,a a?q9@x,A9 {to_all} {pieces}"
    assert {TO_ALL} == {each.mechanism for each in found(script, CANARY).shown}
    alone = f"a?q1@y,A1 a:q1,@y,A1 b*read@x,a a?q9@x,A9 a:q9,@x,A9 b:q9,@x,A9 {pieces}"
    assert {READ} == {each.mechanism for each in found(alone, CANARY).shown}


@pytest.mark.parametrize(
    ("tenants", "mechanism"),
    [
        ("bbb-", "a targeted send became a send to the whole tenant"),
        ("bb--", TO_ALL),  # c is of another
        ("bbbb", TO_ALL),  # there is but one
        ("----", TO_ALL),
    ],
)
def test_a_group_of_a_tenant_is_told_from_a_send_to_all(tenants, mechanism):
    """By who was there and got nothing."""
    named = {who: tenant for who, tenant in zip("abcd", tenants, strict=True) if tenant != "-"}
    d = "d: " if "-" in tenants else ""
    events = " ".join(f"a?q{n},A{n} a:q{n},A{n} b:q{n},A{n} c:q{n},A{n} a!q{n}" for n in (1, 2, 3))
    first = found(f"a: b: c: {d}{events}", CANARY, tenants=named).shown[0]
    assert mechanism == first.mechanism, first.because


@pytest.mark.parametrize(
    "script",
    [
        ASTRAY,
        SAME_THREADS,
        STREAMED,
        TOLD + " a?q2 a:q2,A1 a!q2 b?q3 b:q3,A1 b!q3",
        "a?q1@x,A1 a!q1 a?q2@y a:q2,A1 a!q2",
        "a?q1,A1 a?q2=what a:q2,A1 a!q1 a!q2 b?q3=what b:q3,A1 b!q3",
        "a?q1,A1 b?q2,B1 a:q1,A1 b:q2,B1,A1 a!q1 b!q2",
        " ".join(f"a?q{n},A{n} a!q{n} b?q1{n} b!q1{n} b:/title,A{n},q{n}" for n in (1, 2, 3, 4)),
        " ".join(f"a?q{n},A{n} a:q{n},=b,A{n} a!q{n} b?q1{n} b:=b b!q1{n}" for n in (1, 2, 3)),
    ],
)
def test_what_is_asked_of_the_whole_scene_is_answered_once(script):
    """Thousands of findings may each have to be explained, among thousands of frames."""
    run = recorded(script).loaded("duckdb")
    everything = [each for _, outcome in outcomes(run) for each in outcome.found]
    whole = scene.Scene(run, everything)
    names = ("everything", "passings", "worded", "all_frames", "all_sightings", "of_others")
    for each in everything:
        mechanism(whole, each)
    for name in names:
        setattr(whole, name, Counted(getattr(whole, name)))
    for each in everything:
        mechanism(whole, each)
    assert dict.fromkeys(names, 0) == {name: getattr(whole, name).times for name in names}


def test_what_two_get_at_one_moment_was_made_once(monkeypatch):
    """Whose frames lie further apart met by chance: those of one agent do, too."""
    script = " ".join(
        f"a?q{n},A{n} b?q1{n},B{n} a:q{n},/title,A{n} b:q1{n},/title,A{n} a!q{n} b!q1{n}"
        for n in (1, 2, 3)
    )
    assert SHARED == found(script, CANARY).shown[0].mechanism
    monkeypatch.setattr(at_once, "AT_ONE_MOMENT", 0.15)  # the language's own moment
    first = found(script, CANARY).shown[0]
    assert "one result is given to all who wait for the like" == first.mechanism
    assert "in 3 of 3 cases" in first.because
    other = script.replace("b:q1", "b:'beside,q1")  # of one buffer, what two wrote into it
    assert SHARED == found(other, CANARY).shown[0].mechanism
