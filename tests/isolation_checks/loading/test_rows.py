from __future__ import annotations

import pytest

from isolation_checks.loading.run import records
from tests.isolation_checks.language import (
    conversation,
    fact,
    recorded,
    subject,
    told,
    word,
)
from tests.isolation_checks.recording import TABLES


def rows(script, *columns, **how):
    """The columns of a script's rows, in their order."""
    found = records(told(script, **how).rows, "index")
    return [tuple(row[name] for name in columns) for row in found]


def test_a_row_says_whose_it_is_and_what_about():
    """As stated, and as known; unknown stays unknown."""
    script = "a?q1@x b: messages|a,q1,@x,>b messages|!zoe,q9 messages|?"
    assert [
        (subject("a"), "a", "b", "q1", "a", conversation("x"), False),
        ("zoe", None, None, "q9", None, None, False),
        (None, None, None, None, None, None, True),
    ] == rows(
        script,
        "stated_owner",
        "owner",
        "conversation_owner",
        "query",
        "asker",
        "conversation",
        "placeholder",
    )


@pytest.mark.parametrize(
    ("owner", "placeholder"),
    [("!system", True), ("!SYSTEM", True), ("!unknown", True), ("?", True), ("!sys", False)],
)
def test_a_placeholder_is_one_in_any_case(owner, placeholder):
    """As the plan lists them; so is no owner at all."""
    assert [(placeholder,)] == rows(f"messages|{owner}", "placeholder")


def test_a_table_without_an_owner_has_no_placeholders():
    """What the plan does not name is not missing."""
    tables = [{"name": "notes", "text": ["body"]}]
    found = rows("a: notes|?,A1", "placeholder", plan={"rows": {"tables": tables}})
    assert [(False,)] == found


def test_owners_may_be_emails():
    """As the plan says."""
    emails = {"rows": {"owner_is": "email", "tables": TABLES}}
    found = rows("a: messages|!a@example.org messages|a", "owner", plan=emails)
    assert [("a",), (None,)] == found


def test_whether_a_row_is_finished_may_be_unknown():
    """A status that says so, one that does not, and none at all."""
    found = rows("messages|a,.over messages|a,.open messages|a", "finished")
    assert [(True,), (False,), (None,)] == found


def test_words_in_rows_are_seen_once_a_row():
    """With the row's owner as their recipient, or whoever has it wrongly."""
    run = told("a: b: messages|a,A1,A1 messages|b,>a,A2 messages|?,>b,A1 messages|!zoe,A1")
    seen = records(run.sightings, "index")
    assert [
        (word("A1"), "a", False),
        (word("A2"), "b", True),
        (word("A1"), "b", True),
        (word("A1"), None, False),
    ] == [(s["canary"], s["principal"], s["foreign"]) for s in seen]
    assert {"row"} == {s["channel"] for s in seen}


def test_rows_of_tables_that_the_plan_does_not_name_are_not_read():
    """They may lie there from another plan."""
    assert [] == rows("others|a,A1", "owner")


def test_facts_in_rows_are_seen_of_others_only_and_under_escapes():
    """In JSON that nobody parsed; a row's own are no sightings, and texts do not run together."""
    recording = recorded("a?q1,&A2,&A3 b?q2 messages|a,q1,&A2 messages|b,q2")
    street = fact("A3")
    texts = [f'{{"note": "line\\n{fact("A2")}\\n"}}', street[:9], street[9:]]
    recording.streams["rows/1/messages"][1]["texts"] = texts
    [seen] = recording.loaded("duckdb").facts.in_rows
    assert ("b", fact("A2"), "messages", 1, "row") == (
        seen.principal, seen.fact.text, seen.kind, seen.index, seen.channel,
    )  # fmt: skip
