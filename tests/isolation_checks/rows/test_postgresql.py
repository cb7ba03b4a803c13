"""The same on a real PostgreSQL: JSON, joins, times, and what a read-only role may see."""

from __future__ import annotations

from datetime import UTC, datetime

import adbc_driver_postgresql.dbapi as driver
import pytest

from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.plan import read as read_plan
from isolation_checks.plan.tables.rows import Table
from isolation_checks.rows import sources, ways
from isolation_checks.rows.collect import collect, read_said
from tests.isolation_checks.rows.clock import Clock
from tests.isolation_checks.rows.planned import HEAD
from tests.servers.postgres import postgres_server

SETUP = """
CREATE TABLE threads (id uuid PRIMARY KEY, metadata_ jsonb);
CREATE TABLE messages (id serial, thread_id uuid, content jsonb, created_at timestamptz, body text);
INSERT INTO threads VALUES ('00000000-0000-0000-0000-000000000001', '{"user_id": "ana"}');
INSERT INTO messages (thread_id, content, created_at, body) VALUES
 ('00000000-0000-0000-0000-000000000001', '[{"text": {"value": "hi"}}]', to_timestamp(100), 'a'),
 ('00000000-0000-0000-0000-000000000001', '"bare"', to_timestamp(200), 'b');
"""


@pytest.fixture(scope="module")
def url():
    with postgres_server() as address:
        connected = driver.connect(address, autocommit=True)
        with connected as connection, connection.cursor() as cursor:
            for statement in filter(str.strip, SETUP.split(";")):
                cursor.execute(statement)
        yield address


def read(url, table, since_s=None):
    with sources.snapshot(url) as cursor:
        cursor.execute(ways.select(table, "postgresql", since_s, 10))
        return cursor.fetch_arrow_table().to_pylist()


def test_an_owner_in_jsonb_over_a_join_of_uuids(url):
    """jsonb, uuid and serial all arrive as text."""
    table = Table(
        name="messages",
        owner="thread_id -> threads.id -> metadata_.user_id",
        conversation="thread_id",
        json=("content",),
    )
    first = read(url, table)[0]
    assert (
        first["key"],
        first["owner"],
        first["conversation"],
    ) == ("1", "ana", "00000000-0000-0000-0000-000000000001")
    assert '"value": "hi"' in first["text_0"]


def test_a_timestamp_bounds_the_rows(url):
    """Rows from before the run are left out, by the database's own clock column."""
    table = Table(name="messages", text=("body",), time="created_at")
    assert [row["text_0"] for row in read(url, table, since_s=150.0)] == ["b"]


def test_the_transaction_is_read_only(url):
    """A collector cannot write, whatever it is told."""
    with sources.snapshot(url) as cursor, pytest.raises(driver.Error, match="read-only"):
        cursor.execute("INSERT INTO threads VALUES ('00000000-0000-0000-0000-000000000002', '{}')")


def test_a_locked_table_is_not_waited_for_without_end(url, monkeypatch):
    """A migration that hangs would hang the drive's end too."""
    monkeypatch.setattr(sources, "LOCK_SECONDS", 0.1)
    with driver.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(driver.Error, match="lock timeout"):
            read(url, Table(name="messages"))


def test_a_time_without_a_zone_is_read_as_utc(url):
    """Whatever zone the server is set to: platforms that write such times write UTC."""
    with driver.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER DATABASE postgres SET timezone TO 'Pacific/Auckland'")
        cursor.execute("CREATE TABLE plain (id serial, at timestamp)")
        cursor.execute("INSERT INTO plain (at) VALUES ('1970-01-01 00:01:40')")
    table = Table(name="plain", time="at")
    assert [1, 0] == [len(read(url, table, since_s=since_s)) for since_s in (99.0, 101.0)]
    iso = Table(name="plain", time="at", time_is="iso")
    assert [1, 0] == [len(read(url, iso, since_s=since_s)) for since_s in (99.0, 101.0)]


def test_all_tables_are_read_in_one_state(url):
    """What is written between two of them is in neither."""
    table = Table(name="messages")
    with sources.snapshot(url) as cursor:
        cursor.execute(ways.count(table, "postgresql", None))
        before = cursor.fetchone()[0]
        with driver.connect(url, autocommit=True) as connection, connection.cursor() as other:
            other.execute("INSERT INTO messages (body) VALUES ('late')")
        cursor.execute(ways.count(table, "postgresql", None))
        assert before == cursor.fetchone()[0]


def test_a_role_under_row_level_security_sees_few_rows_and_no_error(url):
    """That is why the rows of several principals must have been read before anything is said."""
    with driver.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in (
            "CREATE TABLE private (id serial, owner text)",
            "INSERT INTO private (owner) VALUES ('ana'), ('ben')",
            "CREATE ROLE reader LOGIN",
            "GRANT SELECT ON private TO reader",
            "ALTER TABLE private ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY own ON private USING (owner = 'ana')",
        ):
            cursor.execute(statement)
    table = Table(name="private", owner="owner")
    assert ["ana", "ben"] == [row["owner"] for row in read(url, table)]
    asked = url.replace("tester@", "reader@")
    assert ["ana"] == [row["owner"] for row in read(asked, table)]


def test_a_whole_collection_says_how_its_clock_stands(url, tmp_path):
    """A database that is behind us by an hour still gives the rows of this run."""
    directory = RunDirectory(tmp_path)
    plan = read_plan.parse(PLAN.format(url=url), "the test")
    started = datetime.now(UTC)
    add_json(
        directory.description,
        {"plan": read_plan.encode(plan), "started_at": started.isoformat()},
    )
    now = Clock()
    ahead = started.timestamp() + 3600
    folder = collect(directory, clock=now, sleep=now.sleep, wall=lambda: ahead)
    said = read_said(folder)
    assert ("problem" not in said, said["settled"]) == (True, True)
    [where] = said["databases"]
    assert ("postgresql", True) == (where["engine"], where["snapshot"])
    assert 3500 < where["clock_behind_s"] < 3700
    assert where["since_s"] == pytest.approx(started.timestamp() - 60 - where["clock_behind_s"])


PLAN = (
    HEAD
    + """[rows]
url = "{url}"
[[rows.tables]]
name = "messages"
text = ["body"]
time = "created_at"
"""
)
