"""The same on a real MariaDB: JSON, joins, times, one state, and an address with a password."""

from __future__ import annotations

import urllib.parse
from contextlib import contextmanager
from datetime import UTC, datetime

import pymysql
import pytest

from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.plan import read as read_plan
from isolation_checks.plan.tables.rows import Finished, Table
from isolation_checks.rows import mysql, sources
from isolation_checks.rows.collect import collect, read_said
from tests.isolation_checks.rows.clock import Clock
from tests.servers.mariadb import PASSWORD, mariadb_server

SETUP = """
CREATE TABLE threads (id VARCHAR(40), metadata_ JSON);
CREATE TABLE messages (id INT AUTO_INCREMENT PRIMARY KEY, thread_id VARCHAR(40), content LONGTEXT,
                       created_at DATETIME(6), seconds DOUBLE, stamped VARCHAR(40), octets BLOB);
INSERT INTO threads VALUES ('t1', '{"user_id": "ana", "roles": ["x", "y"], "none": null}'),
                           ('T1', '{"user_id": "ben"}');
INSERT INTO messages (thread_id, content, created_at, seconds, stamped, octets) VALUES
 ('t1', '[{"text": {"value": "grüß 😀"}}]', '1970-01-01 00:01:40', 100, '1970-01-01T00:01:40Z',
  x'ff61'),
 ('T1', 'no JSON', '1970-01-01 00:03:20', 200, '1970-01-01T02:03:20+02:00', NULL);
"""


@pytest.fixture(scope="module")
def url():
    with mariadb_server() as address:
        with writing(address) as cursor:
            for statement in filter(str.strip, SETUP.split(";\n")):
                cursor.execute(statement)
        yield address


@contextmanager
def writing(url, user="tester", password=PASSWORD):
    """A cursor that may write, and writes at once."""
    parts = urllib.parse.urlsplit(url)
    connected = pymysql.connect(
        host=parts.hostname,
        port=parts.port,
        user=user,
        password=password,
        database="app",
        autocommit=True,
    )
    with connected as connection, connection.cursor() as cursor:
        yield cursor


def read(url, table, since_s=None):
    with sources.opened(url) as database:
        rows = [row for b in database.read(table, since_s, 10) for row in b.to_pylist()]
        assert len(rows) == database.count(table, since_s)
        return rows


def test_an_owner_in_json_over_a_join(url):
    """Every letter arrives; ids that differ only in case are not one; what is no JSON is null."""
    table = Table(
        name="messages",
        owner="thread_id -> threads.id -> metadata_.user_id",
        conversation="thread_id",
        query="content.0.text.value",
        text=("thread_id -> threads.id -> metadata_.none", "octets"),
        json=("thread_id -> threads.id -> metadata_.roles",),
    )
    assert [
        ("1", "ana", "t1", "grüß 😀", None, "?a", '["x", "y"]'),
        ("2", "ben", "T1", None, None, None, None),
    ] == [
        tuple(
            row[name]
            for name in ("key", "owner", "conversation", "query", "text_0", "text_1", "text_2")
        )
        for row in read(url, table)
    ]


@pytest.mark.parametrize(
    ("column", "kind"), [("created_at", "timestamp"), ("seconds", "epoch"), ("stamped", "iso")]
)
def test_a_time_bounds_the_rows(url, column, kind):
    """Whatever it is written as, zones included, and in UTC where it has none."""
    table = Table(name="messages", time=column, time_is=kind)
    assert [["1", "2"], ["2"], []] == [
        [row["key"] for row in read(url, table, since_s=since_s)] for since_s in (99.5, 101, 201)
    ]


def test_all_is_read_in_one_state_and_only_read(url):
    """What is written meanwhile is not seen; what is told to write is refused."""
    table = Table(name="threads", finished=Finished(column="id", values=("x",)))
    with sources.snapshot(url) as cursor:
        cursor.execute("SELECT count(*) FROM threads")
        before = cursor.fetchone()[0]
        with writing(url) as other:
            other.execute("INSERT INTO threads VALUES ('t3', NULL)")
        cursor.execute("SELECT count(*) FROM threads")
        assert before == cursor.fetchone()[0]
        with pytest.raises(pymysql.err.OperationalError, match="READ ONLY"):
            cursor.execute("DELETE FROM threads")
    with writing(url) as other:
        other.execute("DELETE FROM threads WHERE id = 't3'")
    assert 2 == len(read(url, table))


def test_batches_are_small_and_the_limit_is_kept(url, monkeypatch):
    """Rows stay with the server until they are asked for; who stops early leaves it usable."""
    monkeypatch.setattr(mysql, "BATCH", 1)
    with sources.opened(url) as database:
        batches = database.read(Table(name="messages"), None, 10)
        assert 1 == next(batches).num_rows
        batches.close()
        assert 1 == sum(b.num_rows for b in database.read(Table(name="messages"), None, 1))


def run(folder, url, monkeypatch, name="messages"):
    """What a collection of everything says of itself."""
    monkeypatch.setenv("CROSSTALK_TEST_ROWS", url)
    directory = RunDirectory(folder)
    plan = read_plan.parse(PLAN.replace("messages", name), "the test")
    started = datetime.now(UTC).isoformat()
    add_json(directory.description, {"plan": read_plan.encode(plan), "started_at": started})
    now = Clock()
    return collect(directory, clock=now, sleep=now.sleep)


def test_a_whole_collection_is_settled_and_says_its_clock(url, tmp_path, monkeypatch):
    """By any of its two names."""
    said = read_said(run(tmp_path, url.replace("mysql://", "mariadb://"), monkeypatch))
    assert "problem" not in said
    assert said["settled"]
    [database] = said["databases"]
    assert ("mysql", True) == (database["engine"], database["snapshot"])
    assert abs(database["clock_behind_s"]) < 60
    assert 2 == said["tables"]["messages"]["records"]


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        (("s3cr3t", "wr0ng"), "messages", "Access denied"),
        (("/app", "/nowhere"), "messages", "Unknown database"),
        (("/app", ""), "messages", "names no database"),
        (("", ""), "missing", "doesn't exist"),
        (("@127.0.0.1:", "@127.0.0.1:1"), "messages", "Error"),
    ],
)
def test_what_cannot_be_read_is_data_without_its_password(
    url, tmp_path, monkeypatch, change, name, reason
):
    """The reading says what was wrong; nothing crashes, and no password is written."""
    folder = run(tmp_path, url.replace(*change), monkeypatch, name)
    assert reason in read_said(folder)["problem"]
    text = (folder / "reading.json").read_text()
    assert "3cr3t" not in text
    assert "wr0ng" not in text


def test_a_user_who_may_not_read_a_table_is_a_problem(url, tmp_path, monkeypatch):
    """MariaDB says no; it hides no rows."""
    with writing(url) as cursor:
        cursor.execute("CREATE USER few@'127.0.0.1' IDENTIFIED BY 'few'")
        cursor.execute("GRANT SELECT ON app.threads TO few@'127.0.0.1'")
    few = url.replace(urllib.parse.quote(PASSWORD, safe=""), "few").replace("tester:", "few:")
    assert "denied" in read_said(run(tmp_path, few, monkeypatch))["problem"]


PLAN = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1/"
[auth]
source = "mint"
secret = "env:ANY"
carry = { headers = { Authorization = "Bearer {token}" } }
[rows]
url = "env:CROSSTALK_TEST_ROWS"
[[rows.tables]]
name = "messages"
"""
