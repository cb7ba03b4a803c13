"""Ways as SQL: columns, JSON paths and joins, run on a real SQLite."""

from __future__ import annotations

import sqlite3

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.plan.tables.rows import Table
from isolation_checks.rows import ways


@pytest.fixture
def database():
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        """
        CREATE TABLE threads (id TEXT, metadata_ TEXT);
        CREATE TABLE runs (id INTEGER, thread_id TEXT, request_id TEXT, at REAL);
        CREATE TABLE messages (id INTEGER, thread_id TEXT, run_id INTEGER, content TEXT,
                               created_at REAL, stamped TEXT);
        INSERT INTO threads VALUES ('t1', '{"user_id": "ana", "roles": ["x", "y"]}'), ('t2', '{}');
        INSERT INTO runs VALUES (7, 't1', 'q1', 10.0);
        INSERT INTO messages VALUES (1, 't1', 7, 'one', 100.0, '1970-01-01T00:01:40'),
                                    (2, 't2', NULL, 'two', 200.0, '1970-01-01T00:03:20');
        """
    )
    yield connection
    connection.close()


def rows(database, table, since_s=None, limit=100):
    database.row_factory = sqlite3.Row
    sql = ways.select(table, "sqlite", since_s, limit)
    return [dict(row) for row in database.execute(sql)]


def test_a_column_is_read_as_text(database):
    """What is no text in the database is text in the rows."""
    table = Table(name="messages", text=("content", "created_at"))
    assert tuple(rows(database, table)[0][name] for name in ("key", "text_0", "text_1")) == (
        "1",
        "one",
        "100.0",
    )


def test_what_the_plan_does_not_name_is_null(database):
    """A table without an owner has none, and not a wrong one."""
    assert rows(database, Table(name="messages"))[0]["owner"] is None


def test_an_owner_is_found_over_a_join_and_in_json(database):
    """message, thread, and the user id in the thread's metadata."""
    table = Table(name="messages", owner="thread_id -> threads.id -> metadata_.user_id")
    assert [row["owner"] for row in rows(database, table)] == ["ana", None]


def test_a_way_may_have_several_joins(database):
    """run, thread, and an element of a list in its metadata; a missing join is null."""
    way = "run_id -> runs.id -> thread_id -> threads.id -> metadata_.roles.1"
    table = Table(name="messages", owner=way, query="run_id -> runs.id -> request_id")
    assert [(row["owner"], row["query"]) for row in rows(database, table)] == [
        ("y", "q1"),
        (None, None),
    ]


def test_what_is_no_json_has_nothing_at_any_path(database):
    """It does not make the table unreadable."""
    database.execute("UPDATE threads SET metadata_ = 'no {JSON' WHERE id = 't2'")
    table = Table(name="threads", owner="metadata_.user_id")
    assert [row["owner"] for row in rows(database, table)] == ["ana", None]


def test_the_same_join_is_written_once():
    """Two ways over one join share it."""
    table = Table(
        name="messages",
        owner="thread_id -> threads.id -> owner",
        conversation="thread_id -> threads.id -> id",
    )
    assert ways.select(table, "sqlite", None, 10).count("JOIN") == 1


@pytest.mark.parametrize(("column", "kind"), [("created_at", "epoch"), ("stamped", "iso")])
def test_rows_before_the_run_are_left_out(database, column, kind):
    """A time column bounds what is read, and what is counted."""
    table = Table(name="messages", text=("content",), time=column, time_is=kind)
    assert [row["text_0"] for row in rows(database, table, since_s=150.0)] == ["two"]
    counted = database.execute(ways.count(table, "sqlite", 150.0)).fetchone()[0]
    assert counted == 1


@pytest.mark.parametrize(("column", "kind"), [("created_at", "epoch"), ("stamped", "iso")])
def test_a_row_without_a_time_may_be_the_runs(database, column, kind):
    """It is read, and counted; so is one whose time nobody can read."""
    database.execute(f"UPDATE messages SET {column} = NULL WHERE id = 1")
    table = Table(name="messages", text=("content",), time=column, time_is=kind)
    assert [row["text_0"] for row in rows(database, table, since_s=150.0)] == ["one", "two"]
    assert database.execute(ways.count(table, "sqlite", 150.0)).fetchone()[0] == 2
    if kind == "iso":
        database.execute("UPDATE messages SET stamped = 'last Tuesday'")
        assert len(rows(database, table, since_s=150.0)) == 2


def test_a_time_may_stand_a_join_away(database):
    """It bounds what is read and what is counted all the same; of no run, a row may be any's."""
    table = Table(
        name="messages", text=("content",), time="run_id -> runs.id -> at", time_is="epoch"
    )
    assert [
        [row["text_0"] for row in rows(database, table, since_s=since)] for since in (5, 15)
    ] == [
        ["one", "two"],
        ["two"],
    ]
    counted = database.execute(ways.count(table, "sqlite", 15.0)).fetchone()[0]
    assert counted == 1


def test_no_more_than_the_limit_is_read(database):
    """The limit is the database's to keep."""
    assert len(rows(database, Table(name="messages"), limit=1)) == 1


@pytest.mark.parametrize(
    "way", ["a -> b", "a -> b.c", "a; DROP TABLE x", "a -> b.c -> d -> e", 'a"b', "a.b;c"]
)
def test_what_is_no_way_is_refused(way):
    """A wrong way is the user's mistake, said in a sentence, and never reaches the database."""
    with pytest.raises(UsageError):
        ways.select(Table(name="messages", owner=way), "sqlite", None, 10)
