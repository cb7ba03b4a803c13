"""A real Redis as a row source: every kind of value, owners in keys, and what it says of limits."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime

import pytest
import redis

from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.plan import read as read_plan
from isolation_checks.plan.tables.rows import Finished, Table
from isolation_checks.rows import keyspace, sources
from isolation_checks.rows.collect import collect, read_said
from tests.isolation_checks.rows.clock import Clock
from tests.isolation_checks.rows.planned import HEAD
from tests.reference_platform.redis_server import redis_server


@pytest.fixture(scope="module")
def url():
    with redis_server() as address:
        yield address


@pytest.fixture
def client(url):
    with redis.Redis.from_url(url) as connected:
        connected.flushall()
        yield connected


def read(url, table, since_s=None, limit=100):
    with sources.opened(url) as database:
        rows = [row for b in database.read(table, since_s, limit) for row in b.to_pylist()]
        return sorted(rows, key=lambda row: row["key"])


def columns(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


def test_a_string_with_json_is_a_row(url, client):
    """Its owner by its key, the rest at paths of its value; broken JSON has none."""
    client.set("state:ana:1", json.dumps({"run": {"id": "q1"}, "log": ["x", {"y": 1}], "no": None}))
    client.set("state:ben:2", "{broken")
    client.set("other:ana:1", "never read")
    table = Table(
        name="states",
        keys=("state:{owner}:*",),
        query="value.run.id",
        text=("value.log.1", "value.no"),
        json=("value.log.9",),
        finished=Finished(column="value.log.0", values=("x",)),
    )
    names = ("key", "owner", "query", "finished", "text_0", "text_1", "text_2")
    assert [
        ("state:ana:1", "ana", "q1", "x", '{"y": 1}', None, None),
        ("state:ben:2", "ben", None, None, None, None, None),
    ] == columns(read(url, table), *names)


def test_a_key_without_a_user_part_has_no_owner(url, client):
    """It is read all the same, by the pattern that names nobody; an empty part is no owner."""
    client.mset({"memory:ana:1": "a", "memory:2": "b", "memory::3": "c"})
    table = Table(name="memories", keys=("memory:{owner}:*", "memory:*"), text=("value",))
    assert [("memory:2", None, "b"), ("memory::3", "", "c"), ("memory:ana:1", "ana", "a")] == (
        columns(read(url, table), "key", "owner", "text_0")
    )


def test_a_field_is_an_owner_only_where_the_plan_says_so(url, client):
    """Whatever it is called."""
    client.hset("o:1", mapping={"owner": "ana", "query": "q1", "conversation": "t1"})
    silent = Table(name="o", keys=("o:*",))
    names = ("owner", "query", "conversation")
    assert [(None, None, None)] == columns(read(url, silent), *names)
    said = Table(name="o", keys=("o:*",), owner="owner", query="query")
    assert [("ana", "q1", None)] == columns(read(url, said), *names)


def test_hashes_lists_sets_and_streams(url, client):
    """A hash is a row, and so is every element of the others."""
    client.hset("h:1", mapping={"user": "ana", "said": "one", "meta": '{"thread": "t1"}'})
    client.rpush("l:ana", "first", "second")
    client.sadd("s:ana", "member")
    client.zadd("z:ana", {"ranked": 1.5})
    client.xadd("x:ana", {"user": "ben", "said": "two"}, id="100000-1")
    client.xadd("x:ana", {"user": "ana", "said": "three"}, id="200000-0")
    hashes = Table(name="h", keys=("h:*",), owner="user", conversation="meta.thread")
    assert [("ana", "t1")] == columns(read(url, hashes), "owner", "conversation")
    every = Table(name="every", keys=("l:{owner}", "s:{owner}", "z:{owner}"), text=("value",))
    expected = [("l:ana 0", "first"), ("l:ana 1", "second"), ("s:ana 0", "member")]
    expected += [("z:ana 0", "ranked")]
    assert expected == columns(read(url, every), "key", "text_0")
    stream = Table(name="x", keys=("x:*",), owner="user", text=("said",), json=("value",))
    stream_in_time = Table(name="x", keys=("x:*",), owner="user", time="at", time_is="epoch")
    assert [("ben", "two"), ("ana", "three")] == columns(read(url, stream), "owner", "text_0")
    assert {"user": "ben", "said": "two"} == json.loads(read(url, stream)[0]["text_1"])
    assert ["x:ana 200000-0"] == [r["key"] for r in read(url, stream_in_time, since_s=150)]
    with sources.opened(url) as database:
        assert 2 == database.count(stream, None)


def test_a_time_bounds_the_rows_where_it_can_be_read(url, client):
    """What has none, or one that says nothing, may be of this run."""
    for key, at in (("a", "1970-01-01T00:01:40Z"), ("b", "1970-01-01T00:03:20"), ("c", "soon")):
        client.hset(f"t:{key}", mapping={"at": at})
    client.hset("t:d", mapping={"x": "y"})
    table = Table(name="t", keys=("t:*",), time="at", time_is="iso")
    assert ["t:b", "t:c", "t:d"] == [row["key"] for row in read(url, table, since_s=150)]


def test_a_key_is_read_once_and_what_is_no_match_not_at_all(url, client):
    """Though two patterns mean it, and a scan may name it twice."""
    client.mset({f"k:{number}": "v" for number in range(2_000)} | {"k?": "no"})
    table = Table(name="k", keys=("k:{owner}", "k:*"))
    assert (
        2_000
        == len(read(url, table, limit=3_000))
        == len({r["key"] for r in read(url, table, limit=3_000)})
    )
    assert 10 == len(read(url, table, limit=10))


def test_what_is_too_long_is_cut_and_said(url, client, monkeypatch):
    """So is a scan that would take too long, and a value of a kind that is not known."""
    monkeypatch.setattr(keyspace, "LONGEST", 4)
    monkeypatch.setattr(keyspace, "ELEMENTS", 2)
    client.set("v:1", "12345")
    client.rpush("w:1", "a", "b", "c")
    client.set("u:1", "1234")
    for name, read_, cut in (
        ("v", ["1234"], True),
        ("w", ["a", "b"], True),
        ("u", ["1234"], False),
    ):
        with sources.opened(url) as database:
            table = Table(name=name, keys=(f"{name}:*",), text=("value",))
            found = [row["text_0"] for b in database.read(table, None, 9) for row in b.to_pylist()]
            assert (read_, cut) == (found, database.cut)
    monkeypatch.setattr(keyspace, "SCANNED", 1)
    monkeypatch.setattr(keyspace, "BATCH", 1)
    client.mset({f"n:{number}": "v" for number in range(200)})
    with sources.opened(url) as database:
        assert database.count(Table(name="n", keys=("n:*",)), None) < 200
        assert database.cut


PLAN = (
    HEAD
    + """[rows]
url = "env:CROSSTALK_TEST_SQL"
[[rows.tables]]
name = "messages"
text = ["content"]
[[rows.tables]]
name = "states"
url = "env:CROSSTALK_TEST_REDIS"
keys = {keys}
json = ["value"]
"""
)


def run(folder, keys='["state:{owner}:*"]'):
    """What a collection from two databases says of itself."""
    directory = RunDirectory(folder)
    plan = read_plan.parse(PLAN.format(keys=keys), "the test")
    started = datetime.now(UTC).isoformat()
    add_json(directory.description, {"plan": read_plan.encode(plan), "started_at": started})
    now = Clock()
    return collect(directory, clock=now, sleep=now.sleep)


@pytest.fixture
def sql(tmp_path, monkeypatch, url):
    path = tmp_path / "platform.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE messages (id, content)")
        connection.execute("INSERT INTO messages VALUES (1, 'hello')")
    monkeypatch.setenv("CROSSTALK_TEST_SQL", f"sqlite:///{path}")
    monkeypatch.setenv("CROSSTALK_TEST_REDIS", url)


@pytest.mark.usefixtures("sql")
def test_one_plan_reads_several_databases(client, tmp_path):
    """Each once settled; of each it is said what it is, and whether in one state."""
    client.set("state:ana:1", '{"x": 1}')
    client.config_resetstat()
    said = read_said(run(tmp_path))
    assert "problem" not in said
    assert [("sqlite", True, ["messages"]), ("redis", False, ["states"])] == [
        (d["engine"], d["snapshot"], d["tables"]) for d in said["databases"]
    ]
    assert {"messages": 1, "states": 1} == {n: t["records"] for n, t in said["tables"].items()}
    assert not said["tables"]["states"]["more"]
    sent = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
    housekeeping = {"client|setinfo", "hello", "info", "config|resetstat"}
    assert {"scan", "time", "type", "strlen", "getrange"} == sent - housekeeping


@pytest.mark.usefixtures("sql")
def test_a_value_that_was_cut_leaves_something_out(client, tmp_path, monkeypatch):
    """The reading says so, and the checks are UNKNOWN for it."""
    monkeypatch.setattr(keyspace, "LONGEST", 4)
    client.set("state:ana:1", '{"x": "longer than that"}')
    tables = read_said(run(tmp_path))["tables"]
    assert {"messages": False, "states": True} == {n: t["more"] for n, t in tables.items()}


@pytest.mark.usefixtures("client", "sql")
@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("REDIS", "redis://:s3cr3t@127.0.0.1:1/0", "Connection refused"),
        ("REDIS", "sqlite:///{sql}", "keys and lies in sqlite"),
        ("SQL", "{redis}", "no keys and lies in redis"),
        ("REDIS", "redis://tester:s3cr3t@{host}/0", "s"),
    ],
)
def test_what_cannot_be_read_is_data_without_its_password(
    url, tmp_path, monkeypatch, variable, value, reason
):
    """Whichever of the databases it is."""
    host = url.removeprefix("redis://")
    whole = value.format(sql=tmp_path / "platform.db", redis=url, host=host)
    monkeypatch.setenv(f"CROSSTALK_TEST_{variable}", whole)
    folder = run(tmp_path)
    assert reason in read_said(folder)["problem"]
    assert "s3cr3t" not in (folder / "reading.json").read_text()
