"""The same on a real PostgreSQL: JSON, joins, times, and what a read-only role may see."""

from __future__ import annotations

import adbc_driver_postgresql.dbapi as driver
import pytest

from isolation_checks.plan.model import Table
from isolation_checks.rows import sources, ways
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
