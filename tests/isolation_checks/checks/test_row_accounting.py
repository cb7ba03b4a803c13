from __future__ import annotations

import dataclasses

import pytest

from isolation_checks.checks.row_accounting import row_accounting as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told
from tests.isolation_checks.recording import TABLES

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
ASKED = "a?q1@x,A1 a:q1,@x a!q1 a?q2@x a!q2 b?q3@y,B1 b!q3 "
STORED = "messages|a,q1 messages|a,q2 messages|b,q3 "
BY_WORDS = {"plan": {"rows": {"tables": [{"name": "messages", "text": ["content"]}]}}}
"""A table that names neither queries nor owners."""


def kinds(outcome):
    """What was found, of whom, how often."""
    return {(f.kind, f.victim, f.times) for f in outcome.found}


@pytest.mark.parametrize(
    ("rows", "verdict", "found"),
    [
        ("", UNKNOWN, set()),  # an empty table is a closed one, or all is lost: who knows
        (STORED, PASS, set()),
        ("messages|a,q1 messages|b,q3", FAIL, {("lost-row", "a", 1)}),
        (STORED + "messages|b,q3", FAIL, {("duplicated-row", "b", 1)}),
        (STORED + "messages|a,q1 messages|a,q2", FAIL, {("duplicated-row", "a", 2)}),
        ("messages|!system,q1 messages|a,q2 messages|b,q3", FAIL, {("placeholder-owner", "a", 1)}),
        ("messages|?,q1 messages|a,q2 messages|b,q3", FAIL, {("placeholder-owner", "a", 1)}),
        ("messages|?,q1,>a messages|a,q2 messages|b,q3", PASS, set()),  # its conversation has one
        (
            "messages|!system,q1,>a messages|a,q2 messages|b,q3",
            FAIL,
            {("placeholder-owner", "a", 1)},
        ),
        ("messages|a,q1,.open messages|a,q2 messages|b,q3", FAIL, {("half-written", "a", 1)}),
        ("messages|a,q1,.over messages|a,q2 messages|b,q3", PASS, set()),
        (STORED + "messages|a,@x,q77", FAIL, {("phantom-row", "a", 1)}),
        (STORED + "messages|a,@z,q77", PASS, set()),  # a conversation that nobody knows
        (STORED + "messages|a,@x", PASS, set()),  # a row about no query
        (STORED + "messages|!zoe,@x,q77", PASS, set()),  # somebody else's, with an id like ours
        (STORED + "messages|?,q88 messages|!system,@z", PASS, set()),  # nobody's of this run
    ],
)
def test_rows_and_answered_queries_match_one_to_one(rows, verdict, found):
    """Each answered query has its row, once, whole and with an owner, and no other is there."""
    outcome = ask(check, ASKED + rows, rows=True)
    assert verdict == outcome.decided
    assert found == kinds(outcome)
    assert 3 == outcome.examined


TWICE = [(f"q{n},{'AB'[n % 2]}{n}", "ab"[n % 2]) for n in range(1, 25)]
MANY = " ".join(f"a?q{n}@x,A{n} a:q{n},@x a!q{n}" for n in range(1, 7))
MANY += " " + " ".join(f"b?q{n}@y,B{n} b:q{n},@y b!q{n}" for n in range(7, 13))
OWNED = " ".join(f"messages|{'a' if n < 7 else 'b'},q{n}" for n in range(1, 13))


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (" ".join(f"messages|?,q{n}" for n in range(1, 13)), UNKNOWN),  # each answer's
        (" ".join(f"messages|!system,q{n}" for n in range(1, 12)), UNKNOWN),
        ("messages|!system,@x messages|!system,@y", UNKNOWN),  # a prompt's, say: no user's words
        ("messages|!system,@x messages|!system,@y,q12", FAIL),  # one is about a question
        (" ".join(f"messages|?,q{n}" for n in range(1, 8)), FAIL),  # other answers have owners
    ],
)
def test_what_the_platform_always_writes_as_nobody_may_be_its_own(rows, verdict):
    """Authors are no owners: where every query has such a row beside its user's, or none has."""
    table = {"name": "messages", "owner": "user_id", "query": "request_id", "text": ["content"]}
    table["conversation"] = "thread_id"
    outcome = ask(check, f"{MANY} {OWNED} {rows}", plan={"rows": {"tables": [table]}})
    assert (verdict == FAIL) == ("placeholder-owner" in {f.kind for f in outcome.found})
    assert (verdict == UNKNOWN) == ("let `owner` lead to" in outcome.note)


@pytest.mark.parametrize("how", [{"rows": True}, BY_WORDS])
def test_what_is_old_may_have_been_deleted(how):
    """What is missing came before all else: it is left out, and nobody lost it."""
    script = " ".join(f"{who}?{what} {who}!{what.partition(',')[0]}" for what, who in TWICE)
    rows = " ".join(f"messages|{who},{what}" for what, who in TWICE[10:])
    outcome = ask(check, f"{script} {rows}", **how)
    assert (PASS, 14) == (outcome.decided, outcome.examined)
    assert (
        "what became of the rows of 10 answered queries, the oldest of the run" in outcome.blind[0]
    )
    assert FAIL == ask(check, f"{script} {rows.replace('messages|b,q23,B23', '')}", **how).decided


def test_where_most_may_have_been_deleted_nobody_can_say_that_nothing_was_lost():
    """Of two rows that each query must leave, all but the newest have one."""
    script = " ".join(f"{who}?{what} {who}!{what.partition(',')[0]}" for what, who in TWICE)
    rows = [f"messages|{who},{what},#{n}" for n, (what, who) in enumerate(TWICE)]
    more = [row.rpartition("#")[0] + f"#{n}" for n, row in enumerate(rows[16:], 100)]
    two = {"plan": {"rows": {"tables": [TABLES[0] | {"each_query": 2}]}}}
    outcome = ask(check, " ".join([script, *rows, *more]), **two)
    assert (UNKNOWN, 8) == (outcome.decided, outcome.examined)
    assert "the rows of 16 answered queries, the oldest of the run" in outcome.note


@pytest.mark.parametrize("each_query", [1, None])
def test_what_is_new_may_be_late(each_query):
    """Unless it was waited for as long as a platform may take that writes in batches."""
    script = " ".join(f"{who}?{what} {who}!{what.partition(',')[0]}" for what, who in TWICE)
    script += " " + " ".join(f"messages|{who},{what}" for what, who in TWICE[:-5])
    tables = [{"name": "messages", "owner": "u", "query": "q", "text": ["content"]}]
    tables[0] |= {"each_query": each_query} if each_query else {}
    plan = {"rows": {"tables": tables}}
    outcome = ask(check, script, plan=plan)
    assert (UNKNOWN, True) == (outcome.decided, 'rows.settle = "10s"' in outcome.note)
    patient = {"rows": {"tables": tables, "settle": "10s"}}
    assert FAIL == ask(check, script, plan=patient).decided
    assert FAIL == ask(check, script.replace("messages|a,q12,A12", ""), plan=plan).decided


@pytest.mark.parametrize("end", ["timeout", "lost", "cut", "unsent", "dropped", "agent_error"])
def test_a_query_of_which_nobody_can_say_how_it_ended_is_never_missed(end):
    """Checks of missing data do not blame what may not have taken effect."""
    assert PASS == ask(check, f"{ASKED}{STORED} a?q4 a!q4={end}").decided


@pytest.mark.parametrize("end", ["timeout", "lost", "cut", "unsent", "dropped"])
def test_a_row_may_go_on_where_only_we_gave_up(end):
    """The platform has not said that the operation is over."""
    assert PASS == ask(check, f"{ASKED}{STORED} a?q4 a!q4={end} messages|a,q4,.open").decided


@pytest.mark.parametrize("end", ["agent_error", "error"])
def test_a_row_must_not_go_on_where_the_platform_said_that_it_failed(end):
    """It said so itself, and left its row half written."""
    outcome = ask(check, f"{ASKED}{STORED} a?q4 a!q4={end} messages|a,q4,.open")
    assert {("half-written", "a", 1)} == kinds(outcome)


@pytest.mark.parametrize(
    ("end", "verdict"),
    [("agent_error", FAIL), ("error", FAIL), ("timeout", PASS), ("lost", PASS), ("cut", PASS)],
)
def test_what_failed_leaves_no_half_answer(end, verdict):
    """Where the plan says how much of it may stay; and where the platform said that it failed."""
    how = {"plan": {"rows": {"tables": [TABLES[0] | {"each_failed": 1}]}}}
    one = f"{ASKED}{STORED} a?q4 a!q4={end} messages|a,q4,#1 messages|a,q4,#1 "
    assert PASS == ask(check, one, **how).decided
    two = ask(check, one + "messages|a,q4,#2", **how)
    assert verdict == two.decided
    assert {("half-answer", "a", 1)} >= kinds(two)
    assert PASS == ask(check, one + "messages|a,q4,#2").decided


@pytest.mark.parametrize("owner", ["!system", "!None", "?", "!", "!undefined", f"!{'0' * 8}"])
def test_words_of_this_run_need_an_owner(owner):
    """Where a row names neither query nor conversation, its words say that it is of this run."""
    outcome = ask(check, f"{ASKED}{STORED} messages|{owner},A1 messages|{owner},A1^")
    if owner == f"!{'0' * 8}":
        assert PASS == outcome.decided  # somebody's, as far as anybody knows
    else:
        assert {("placeholder-owner", "a", 1)} == kinds(outcome)


def test_words_that_are_only_in_keys_are_not_kept():
    """They may have expired by now; so one that is missing is not lost."""
    keys = {"name": "states", "url": "redis://x", "keys": ["s:*"], "json": ["value"]}
    tables = [{"name": "messages", "owner": "user_id"}, keys]
    script = "a?q1,A1 a!q1 a?q2,A2 a!q2 b?q3,B1 b!q3 messages|a messages|b states|?,A1 states|?,B1"
    outcome = ask(check, script, plan={"rows": {"url": "sqlite:///x", "tables": tables}})
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)
    assert outcome.note.startswith("the described columns hold the words of only 0 of 3 answered")
    assert outcome.note.endswith("where not each leaves them in a row, rows.every_query is false")


def test_a_platform_need_not_store_what_is_asked():
    """A plan may say so; whatever else rows show is looked at, and what was lost is not."""
    plan = {"rows": {"url": "sqlite:///x", **BY_WORDS["plan"]["rows"], "every_query": False}}
    asked = "a?q1,A1 a!q1 a?q2,A2 a!q2 b?q3,B1 b!q3 "
    outcome = ask(check, asked + "messages|?,A1", plan=plan)
    assert (PASS, 1, "rows") == (outcome.decided, outcome.examined, outcome.unit)
    assert any("by the plan not every answered query" in said for said in outcome.blind)
    assert UNKNOWN == ask(check, asked, plan=plan).decided
    counted = {"rows": {"url": "sqlite:///x", "tables": TABLES, "every_query": False}}
    assert {("lost-row", "a", 1)} == kinds(
        ask(check, ASKED + "messages|a,q1 messages|b,q3", plan=counted)
    )


MEMORIES = {"name": "memories", "owner": "user_id", "text": ["content"], "remembers": True}
TOLD = "a?q1,A1 a!q1 a?q2,A2 a!q2 a?q3,A3 a!q3 b?q4,B1 b!q4 a?q5,A5 a!q5=timeout "


@pytest.mark.parametrize(
    ("rows", "verdict", "found"),
    [
        ("memories|a,A1 memories|a,A2 memories|a,A3 memories|b,B1", PASS, set()),
        ("memories|a,A1 memories|a,A3 memories|b,B1", FAIL, {("lost-memory", "a", 1)}),
        ("memories|a,A1 memories|a,A2 memories|a,A3", UNKNOWN, set()),  # b may not be visible
        ("memories|a,A1", UNKNOWN, set()),  # never stored, or not in these columns
        ("", UNKNOWN, set()),
    ],
)
def test_what_was_to_be_remembered_is_stored(rows, verdict, found):
    """It was told, and said that it would; what nobody can say took effect is not missed."""
    how = {"memories": ("A1", "A2", "A3", "B1", "A5"), "rows": True}
    stored = " ".join(f"messages|{name},q{n}" for n, name in enumerate("aaab", start=1))
    tables = [{"name": "messages", "query": "q", "each_query": 1}, MEMORIES]
    how["plan"] = {"rows": {"tables": tables}}
    outcome = ask(check, f"{TOLD}{stored} {rows}", **how)
    assert (verdict, found) == (outcome.decided, kinds(outcome))
    late = ask(check, f"{TOLD}{stored} memories|a,A1 memories|b,B1", **how, settled=False)
    assert () == late.found
    assert PASS == ask(check, f"{TOLD}{stored}", **how | {"memories": ()}).decided


def test_where_all_rows_are_keys_nothing_is_lost():
    """They expire; what is there is judged all the same."""
    tables = [{"name": "states", "keys": ["s:{owner}:*", "s:*"], "json": ["value"]}]
    how = {"plan": {"rows": {"url": "redis://x", "tables": tables}}}
    empty = ask(check, ASKED + "states|!zoe,q99", **how)
    assert (UNKNOWN, "no row of this run was read") == (empty.decided, empty.note)
    outcome = ask(check, ASKED + "states|a states|b,B1,q3 states|!zoe,A1", **how)
    assert (PASS, (), 3) == (outcome.decided, outcome.found, outcome.examined)
    assert ("what was lost: all rows lie in Redis, where keys expire",) == outcome.blind
    nobodys = ask(check, ASKED + "states|?,A1 states|a,A1", **how)
    assert {("placeholder-owner", "a", 1)} == kinds(nobodys)


def test_a_reading_that_had_not_settled_misses_nothing():
    """What seems lost or half written may be late; what is there twice is there twice."""
    outcome = ask(check, ASKED + "messages|a,q1,.open messages|b,q3", settled=False)
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)
    assert "the rows had not settled when they were read: what seems lost may be late" == (
        outcome.note
    )
    assert FAIL == ask(check, ASKED + STORED + "messages|a,q1", settled=False).decided


def test_rows_that_were_left_out_are_not_missed():
    """Only the first were read."""
    outcome = ask(check, ASKED + "messages|a,q1 messages|b,q3", left_out=("messages",))
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)
    assert "only the first rows were read of messages" == outcome.note


def test_a_history_with_gaps_calls_no_row_a_phantom():
    """Who asked may stand in what was not written down."""
    outcome = ask(check, ASKED + STORED + "messages|a,@x,q77", gaps=("it was not sealed",))
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)


def test_an_error_of_the_session_does_not_make_its_query_fail():
    """It named no query where other messages do; whether that left half an answer is unknown."""
    how = {"plan": {"rows": {"tables": [TABLES[0] | {"each_failed": 1}]}}}
    failed = "c?q4 c:q4 {} c!q4=agent_error messages|c,q4,#1 messages|c,q4,#2"
    named = ask(check, ASKED + STORED + failed.format("c:q4,/error"), **how)
    assert {("half-answer", "c", 1)} == kinds(named)
    vague = ask(check, ASKED + STORED + failed.format("c:/error"), **how)
    assert (UNKNOWN, ()) == (vague.decided, vague.found)
    assert "may have been about the session" in vague.note


def test_rows_of_the_platforms_own_are_no_phantoms():
    """Where most conversations have one, such as a run that makes a title, it is its way."""
    script = ASKED + "b:q3,@y messages|a,q1,@x messages|a,q2,@x messages|b,q3,@y "
    titles = ask(check, script + "messages|a,@x,q77 messages|b,@y,q78")
    assert (UNKNOWN, ()) == (titles.decided, titles.found)
    assert "messages has rows of queries that nobody asked in 2 of 2 conversations" in titles.note
    one = ask(check, script + "messages|a,@x,q77 messages|a,@x,q78")
    assert {("phantom-row", "a", 2)} == kinds(one)


def test_a_conversation_that_was_read_by_its_id_holds_no_phantoms():
    """Reading leaves traces too, under ids that no query has."""
    script = ASKED + STORED + "b*read@x,a messages|a,@x,q77"
    assert PASS == ask(check, script).decided


def test_rows_that_may_not_be_seen_are_not_missed():
    """A principal without a single visible row may be hidden, not robbed."""
    outcome = ask(check, ASKED + "messages|a,q1 messages|a,q2")
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)
    assert "no row of b was read from messages, lost or not" == outcome.note


def test_a_column_that_does_not_hold_our_ids_misses_nothing():
    """Rows of few queries or none: the plan is wrong about the column, or all is hidden."""
    outcome = ask(check, ASKED + "messages|a,q91 messages|a,q92 messages|b,q93")
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)
    assert outcome.note.startswith("messages has rows of only 0 of 3 answered queries")


TURNS = "".join(
    f"{who}?q{n}{three}@{who},{who.upper()}{n}{three} {who}!q{n}{three} "
    for n, who in enumerate("abcd", start=1)
    for three in (1, 2, 3)
)
"""Four conversations of three turns each."""
BOTH = {"plan": {"rows": {"tables": [TABLES[0], TABLES[0] | {"name": "runs"}]}}}


@pytest.mark.parametrize(
    ("kept", "verdict"),
    [
        ("12 22 31 33", FAIL),  # now an earlier one is missing, and now a later one
        ("11 21 31 41", UNKNOWN),  # the first of each: perhaps no other names its query
        ("13 23 33 43", UNKNOWN),
        ("11 12 13 21 22", UNKNOWN),  # those of some
        ("12 22", FAIL),
        ("12", UNKNOWN),  # it happened once
    ],
)
def test_most_rows_may_be_lost(kept, verdict):
    """As long as no rule could be why, and no other table holds what most of them left."""
    messages = "".join(f"messages|{'abcd'[int(n[0]) - 1]},q{n} " for n in kept.split())
    outcome = ask(check, TURNS + messages + messages.replace("messages", "runs"), **BOTH)
    assert verdict == outcome.decided
    assert {"lost-row"} == {found.kind for found in outcome.found} or verdict is UNKNOWN
    every = "".join(f"runs|{who},q{n}{t} " for n, who in enumerate("abcd", 1) for t in (1, 2, 3))
    assert UNKNOWN == ask(check, TURNS + messages + every, **BOTH).decided


def test_a_row_that_a_join_shows_twice_is_one_row():
    """It is one by its key; the platform did not write it twice."""
    joined = "messages|a,q1,#1 messages|a,q1,#1 messages|a,q2 messages|b,q3"
    assert PASS == ask(check, ASKED + joined).decided


def test_a_query_whose_id_another_used_too_lacks_no_row():
    """A row that names the id may be either's, also where it belongs to a third."""
    run = told(ASKED + "c?q4 c!q4 messages|a,q1 messages|b,q3 messages|c,q4")
    assert {("lost-row", "a", 1)} == kinds(check(run))
    run.history.queries["q2"] = dataclasses.replace(run.history.queries["q2"], named="both")
    run.ownership.by_name["both"] = {"a": "q2", "b": "q9"}
    assert () == check(run).found


def test_each_query_may_leave_several_rows():
    """As many as the plan says, no fewer and no more."""
    two = {"plan": {"rows": {"tables": [TABLES[0] | {"each_query": 2}]}}}
    outcome = ask(check, ASKED + STORED + "messages|a,q1 messages|b,q3", **two)
    assert {("lost-row", "a", 1)} == kinds(outcome)
    assert PASS == ask(check, ASKED + STORED + STORED, **two).decided


@pytest.mark.parametrize(
    ("rows", "verdict", "found"),
    [
        ("messages|?,A1 messages|?,A2 messages|?,B1", PASS, set()),
        ("messages|?,A1 messages|?,B1", FAIL, {("lost-row", "a", 1)}),
        ("messages|?,A1 messages|?,A2", UNKNOWN, set()),  # b may not be visible
        ("messages|?,A1", UNKNOWN, set()),  # these columns do not hold the words
        ("messages|?", UNKNOWN, set()),
    ],
)
def test_where_rows_name_no_query_the_words_must_be_there(rows, verdict, found):
    """A query whose words are in no row, while most others' are, was lost."""
    outcome = ask(check, "a?q1,A1 a!q1 a?q2,A2 a!q2 b?q3,B1 b!q3 " + rows, **BY_WORDS)
    assert verdict == outcome.decided
    assert found == kinds(outcome)


@pytest.mark.parametrize("how", [{"settled": False}, {"left_out": ("messages",)}])
def test_words_that_may_be_late_or_left_out_are_not_missed(how):
    """The same caution as with rows that name queries."""
    script = "a?q1,A1 a!q1 a?q2,A2 a!q2 messages|?,A1"
    outcome = ask(check, script, **BY_WORDS, **how)
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)


def test_silence_is_unknown():
    """No answered query, no rows collected, a database that could not be read."""
    assert UNKNOWN == ask(check, "messages|a").decided
    assert "no query was answered" == ask(check, "messages|a").note
    never = {"plan": {"rows": {"url": "sqlite:///x", "tables": TABLES}}}
    assert "the rows were never collected" == ask(check, ASKED, **never).note
    assert (UNKNOWN, "refused") == (
        ask(check, ASKED, problem="refused").decided,
        ask(check, ASKED, problem="refused").note,
    )


def test_the_witness_of_a_lost_row_is_the_answer_that_was_given():
    """It was asked, and the platform said that it was done."""
    [found] = ask(check, ASKED + "messages|a,q1 messages|b,q3").found
    assert ["asked", "was told that it is completed"] == [m.did for m in found.witness()]
    assert ("q2", frozenset({"q2"})) == (found.victim_query, found.queries)
    assert "a's query was answered, and messages has fewer rows of it than it must" == (
        found.sentence
    )


def test_the_witness_of_a_wrong_row_is_the_row():
    """With its place, and whose it says it is."""
    [found] = ask(check, ASKED + "messages|!system,q1 messages|a,q2 messages|b,q3").found
    assert (("rows/1/messages", 0),) == found.places
    assert "belongs to the placeholder 'system'" in found.sentence
    assert "owns a row of messages" == found.witness()[-1].did
    [nobodys] = ask(check, ASKED + "messages|?,q1 messages|a,q2 messages|b,q3").found
    assert "belongs to nobody" in nobodys.sentence
