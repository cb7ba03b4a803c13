from __future__ import annotations

import pytest

from isolation_checks.checks.foreign_row import foreign_row as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks import language
from tests.isolation_checks.language import ask, recorded, told
from tests.isolation_checks.recording import TABLES

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
ROWS = "rows/1/messages"
BOTH = "a?q1@x,A1 a:q1,@x,A1 a!q1 b?q2@y,B1 b:q2,@y,B1 b!q2 "
SEEN = BOTH + "messages|a,q1,@x,A1 messages|b,q2,@y,B1 "
"""Both have asked and were answered, and a row of each was read."""


@pytest.mark.parametrize(
    ("script", "verdict", "found"),
    [
        ("", UNKNOWN, ()),  # nothing was read
        (BOTH, UNKNOWN, ()),  # the table is empty
        (SEEN, PASS, ()),
        (SEEN + "messages|b,A1", FAIL, (("a", "b", 2),)),  # a's words are b's row
        (SEEN + "messages|b,q1", FAIL, (("a", "b", 2),)),  # a's query
        (SEEN + "messages|b,q2,>a", FAIL, (("a", "b", 2),)),  # in a's conversation
        (SEEN + "messages|b,@y,>a", FAIL, (("a", "b", 2),)),
        (SEEN + "messages|b,@x", FAIL, (("a", "b", 2),)),  # that a's own answers named
        (SEEN + "messages|?,>b,@x", FAIL, (("a", "b", 2),)),
        (SEEN + "c?q3@z c:q3,@z messages|b,@y messages|b,@z", FAIL, (("c", "b", 3),)),
        (SEEN + "b*read@x,a messages|b,@x", PASS, ()),  # a log: it is b who asked for it
        (SEEN + "messages|?,>b,A1", FAIL, (("a", "b", 2),)),  # by its conversation alone
        (SEEN + "messages|?,>b,q1", FAIL, (("a", "b", 2),)),
        (SEEN + "messages|b,B1,A1", FAIL, (("a", "b", 2),)),  # among b's own
        (SEEN + "messages|?,A1 messages|!system,A1", PASS, ()),  # whose, is another check's
        (SEEN + "messages|b,A9~", UNKNOWN, ()),  # never planted
        (SEEN + "messages|b,A1^ messages|b,B9~", PASS, ()),  # of an earlier run; b's own
        (SEEN + "messages|?,>!acct-7,A1", FAIL, (("a", None, 2),)),  # in a stranger's conversation
        (SEEN + "messages|a,>!acct-7,A1", FAIL, (("a", None, 2),)),
        (SEEN + "messages|?,>!system,A1", PASS, ()),  # a placeholder's, which is no stranger
        (SEEN + "messages|?,>!x1,A1 " * 5, UNKNOWN, ()),  # the way to owners leads elsewhere
    ],
)
def test_a_row_belongs_to_whose_words_query_and_conversation_it_holds(script, verdict, found):
    """By words, by the query, by the conversation: each alone convicts."""
    outcome = ask(check, script, rows=True)
    assert verdict == outcome.decided
    assert set(found) == {(f.victim, f.recipient, f.places[0][1]) for f in outcome.found}
    assert {ROWS} >= {f.places[0][0] for f in outcome.found}


def test_rows_that_were_never_collected_are_unknown():
    """The plan asked for them."""
    outcome = check(told(BOTH, plan={"rows": {"url": "sqlite:///x", "tables": TABLES}}))
    assert (UNKNOWN, 0) == (outcome.decided, outcome.examined)
    assert "the rows were never collected" == outcome.note


def test_a_database_that_could_not_be_read_is_unknown():
    """What the driver said is the reason, whatever was read before."""
    outcome = ask(check, SEEN, problem="OperationalError: connection refused")
    assert (UNKNOWN, 0) == (outcome.decided, outcome.examined)
    assert "the rows could not be read: OperationalError: connection refused" == outcome.note


def test_rows_of_one_principal_may_be_all_that_the_reader_may_see():
    """Under row-level security a clean platform and a blind reader look alike."""
    outcome = ask(check, BOTH + "messages|a,q1,A1 messages|a,q1,A1")
    assert UNKNOWN == outcome.decided
    assert (
        "rows of only 1 known principals could be read from messages: "
        "is the reader allowed to see all?"
    ) == outcome.note


def test_every_table_must_have_been_seen():
    """One table that everybody may read does not speak for another that is closed."""
    tables = [*TABLES, {"name": "runs", "owner": "user_id", "query": "request_id"}]
    how = {"plan": {"rows": {"tables": tables}}}
    empty = ask(check, SEEN, **how)
    assert UNKNOWN == empty.decided
    assert "no row of a known principal's was read from runs" == empty.note
    closed = ask(check, SEEN + "runs|a,q1", **how)
    assert UNKNOWN == closed.decided
    assert PASS == ask(check, SEEN + "runs|a,q1 runs|b,q2", **how).decided
    assert FAIL == ask(check, SEEN + "runs|b,q1", **how).decided


def test_a_reader_of_a_few_principals_has_not_looked():
    """Of at least half of those who were answered some row must have been read."""
    script = SEEN + "c?q3 c!q3 d?q4 d!q4 "
    assert PASS == ask(check, script).decided
    outcome = ask(check, script + "e?q5 e!q5")
    assert UNKNOWN == outcome.decided
    assert outcome.note.startswith("rows of only 2 of 5 principals with answers could be read")


def test_a_table_without_owners_needs_none():
    """It is read for words, and cannot say whose it is."""
    tables = [*TABLES, {"name": "notes", "text": ["body"]}]
    outcome = ask(
        check, SEEN + "notes|?,A1,B1 notes|?,B1 notes|?", plan={"rows": {"tables": tables}}
    )
    assert PASS == outcome.decided
    said = "whose 2 rows of notes with words of this run are: it names no owner"
    assert (said,) == outcome.blind
    assert () == ask(check, SEEN).blind


def test_an_outbox_may_name_its_recipients_by_their_address():
    """A notice of a's answer in b's mail is foreign; the conversation's owner is named as ever."""
    outbox = {"name": "outbox", "owner": "to", "owner_is": "email", "text": ["body"]}
    outbox |= {"conversation_owner": "run_id -> runs.id -> user_id"}
    how = {"plan": {"rows": {"tables": [*TABLES, outbox]}}}
    right = SEEN + "outbox|!a@example.org,>a,A1 outbox|!b@example.org,>b,B1 "
    assert PASS == ask(check, right, **how).decided
    outcome = ask(check, right + "outbox|!b@example.org,>a,q1,A1", **how)
    assert {("a", "b")} == {(f.victim, f.recipient) for f in outcome.found}


def test_a_row_is_examined_once():
    """However many words, names and conversations it shows; one that ties to nothing is not."""
    outcome = ask(check, SEEN + "messages|a,q1,@x,>a,A1,A2 messages|a messages|?,A1")
    assert 3 == outcome.examined


def test_left_out_rows_are_mentioned():
    """Only the first were read: nothing found among them is not nothing."""
    outcome = ask(check, SEEN, left_out=("messages",))
    assert UNKNOWN == outcome.decided
    assert "only the first rows were read of messages" == outcome.note


def test_rows_of_an_earlier_run_accuse_nobody():
    """Accounts are used again: what an earlier run of a broken platform left is not of this one."""
    earlier = SEEN + "messages|b,>a messages|b,q77,>a messages|b,@z,>a messages|b,>a,A1^"
    assert PASS == ask(check, earlier).decided


def test_a_conversation_that_is_a_mere_number_tells_nobodys():
    """A platform that counts from its start gives each run the same ones, and keeps the rows."""
    for name, verdict in (("thread-7", FAIL), ("7", PASS), ("20261122", PASS)):
        recording = recorded(SEEN + "messages|b,@x")
        for stream, column in (("history/p0/frames", "content"), ("rows/1/messages", None)):
            for record in recording.streams[stream]:
                if column:
                    said = record[column].replace(b"thread-xxxxxxxx", name.encode())
                    record[column] = said
                elif record.get("conversation") == "thread-xxxxxxxx":
                    record["conversation"] = name
        assert verdict is check(recording.loaded("duckdb")).decided, name


def test_rows_of_which_nothing_could_be_wrong_are_not_examined(monkeypatch):
    """All that ties them to this run is a number of a conversation, by which nobody is accused."""
    monkeypatch.setattr(language, "conversation", lambda name: str(ord(name)))
    asked = "a?q1@x,A1 a:q1,@x,A1 a!q1 b?q2@y,B1 b:q2,@y,B1 b!q2 "
    for rows, verdict, examined in (
        ("messages|a,@x messages|b,@y", UNKNOWN, 0),
        ("messages|a,@x,A1 messages|b,@y", PASS, 1),
        ("messages|a,@x,>a messages|b,@y,>b messages|?,@x,>a", PASS, 2),
        ("messages|a,@x,>a messages|b,@y,>a", FAIL, 2),
    ):
        outcome = ask(check, asked + rows)
        assert (verdict, examined) == (outcome.decided, outcome.examined), rows
        left = len(rows.split()) - examined
        assert [f"whose {left} rows are"] * bool(left) == [
            b.partition(":")[0] for b in outcome.blind
        ]


@pytest.mark.parametrize(
    ("columns", "rows", "verdict", "seen"),
    [
        (["content"], "messages|a,q1 messages|b,q2 " * 5, UNKNOWN, "encrypted"),
        (["content"], "messages|a,q1 messages|b,q2 " * 5 + "messages|a,q1,A1", PASS, ""),
        (["content"], "messages|a,q1 messages|b,q2 ", PASS, ""),  # a few may hold none
        ([], "messages|a,q1 messages|b,q2 " * 5, PASS, ""),  # nobody said that words are there
    ],
)
def test_words_that_stand_in_no_row_were_not_looked_at(columns, rows, verdict, seen):
    """Where they are encrypted, whose words are in a row cannot be told; whose row it is can."""
    plan = {"rows": {"url": "sqlite:///x", "tables": [{**TABLES[0], "text": columns}]}}
    outcome = ask(check, BOTH + rows, plan=plan)
    assert (verdict, True) == (outcome.decided, seen in outcome.note)
    said = ("what the rows say: the plan names no columns with words",)
    assert (() if columns else said) == outcome.blind


def test_a_strangers_row_convicts_where_owners_can_be_told():
    """Somebody who is not in this run owns words of it."""
    outcome = ask(check, SEEN + "messages|!zoe-in-production,A1")
    [found] = outcome.found
    assert ("a", None, ((ROWS, 2),)) == (found.victim, found.recipient, found.places)
    assert "belongs to nobody known" in found.sentence


@pytest.mark.parametrize(
    ("rows", "how"),
    [
        ("messages|!17,q1,A1 messages|!18,q2,B1", {}),  # owners are numbers of its own
        ("messages|a,q1,A1 messages|!18,q2,B1 messages|!18,q2,B2", {}),  # most are strange
        ("messages|a,q1,A1 messages|b,q2,B1 messages|!18,A1", {"gaps": ("it was not sealed",)}),
    ],
)
def test_strange_owners_may_be_the_plans_mistake(rows, how):
    """Where most owners are unknown, or principals may be missing, nobody is accused."""
    outcome = ask(check, BOTH + rows, **how)
    assert UNKNOWN == outcome.decided
    assert outcome.note.startswith("the owners of ")
    assert "not known, such as '1" in outcome.note


BESIDE = BOTH + "messages|a,@x,A1 messages|b,@y,B1 messages|!bot,@x,A1 "


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ("messages|!bot,@y,B1", UNKNOWN),
        ("messages|a,@z,A1 messages|!bot,@z,B1", FAIL),  # b's words in a's conversation
        ("messages|!bot,B1 messages|b,B1", FAIL),  # in none
        ("messages|b,@y,B1", FAIL),  # only one user's words: that may be a user
    ],
)
def test_an_agent_may_own_what_it_writes_beside_its_users(rows, verdict):
    """Authors are no owners: who answers several, each in its own conversation, is in doubt."""
    outcome = ask(check, BESIDE + rows)
    assert verdict == outcome.decided
    assert (verdict == UNKNOWN) == ("belong to 'bot'" in outcome.note)


def test_the_tenants_rows_may_be_the_tenants():
    """As far as the plan lets them be shared in rows."""
    tenants = {"tenants": {"a": "blue", "b": "blue"}}
    shared = {"plan": {"sharing": [{"scope": "user"}, {"scope": "tenant", "channels": ["row"]}]}}
    script = SEEN + "messages|b,q1,>a,A1"
    assert PASS == ask(check, script, **tenants, **shared).decided
    assert FAIL == ask(check, script, **tenants).decided


def test_what_everyone_may_own_is_not_asked():
    """Nor are rows, where the plan names no database, or no table's owner."""
    everyone = {"sharing": [{"scope": "user"}, {"scope": "everyone", "channels": ["row"]}]}
    assert "everyone" in check.not_asked(told(SEEN, plan=everyone).history.plan)
    assert "no database" in check.not_asked(told("").history.plan)
    nobodys = {"rows": {"tables": [{"name": "messages", "text": ["body"]}]}}
    assert "names an owner" in check.not_asked(told(SEEN, plan=nobodys).history.plan)
    assert None is check.not_asked(told(SEEN).history.plan)


def test_the_witness_shows_the_question_and_the_row():
    """Cause before effect; a row has no time of ours."""
    outcome = ask(check, SEEN + "messages|b,q2,A1")
    [found] = outcome.found
    moments = found.witness()
    assert [("a", "asked"), ("b", "asked"), ("b", "owns a row of messages")] == [
        (m.who, m.did) for m in moments
    ]
    assert None is moments[-1].at_s
    assert (639, "q1", "q2") == (found.cwe, found.victim_query, found.recipient_query)


def test_two_rows_between_the_same_two_are_one_finding():
    """By words and by names apart, each with all its places."""
    outcome = ask(check, SEEN + "messages|b,A1 messages|b,A1 messages|b,q1 messages|a,B1")
    assert {("a", "b", 2), ("a", "b", 1), ("b", "a", 1)} == {
        (f.victim, f.recipient, f.times) for f in outcome.found
    }


CONVERSATIONS = [
    {"name": "threads", "owner": "user_id", "text": ["title"]},
    {"name": "messages", "conversation_owner": "t -> threads.id -> u", "text": ["content"]},
]
THREADS = BOTH + "threads|a,A1 threads|b,B1 "


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ("messages|?,q1,>a,A1 messages|?,q2,>b,B1", PASS),
        ("messages|?,q1,>!x1,A1 messages|?,q2,>!x2,B1", UNKNOWN),  # all of them strangers'
        ("messages|?,q1,A1 messages|?,q2,B1", UNKNOWN),  # in no conversation that is there
        ("messages|?,q1,>a,A1 messages|?,q2,>b,B1 messages|?,A1", PASS),  # one of them
    ],
)
def test_a_table_whose_owners_cannot_be_told_is_no_clean_one(rows, verdict):
    """That another table's owners could be told says nothing of it."""
    plan = {"rows": {"url": "sqlite:///x", "tables": CONVERSATIONS}}
    assert verdict == ask(check, THREADS + rows, plan=plan).decided


def test_a_strangers_conversation_may_be_a_tenants():
    """Where tenants share rows, nobody can say that the stranger is not of the same."""
    sharing = [{"scope": "user"}, {"scope": "tenant"}]
    script = SEEN + "messages|a,>!acct-7,A1"
    assert PASS == ask(check, script, plan={"sharing": sharing}).decided
