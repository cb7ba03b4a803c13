"""Discovery in real databases: what a run left is found, and said as a plan says it."""

from __future__ import annotations

import re
import tomllib

import pytest

from isolation_checks.discovery.discover import require_readable
from isolation_checks.errors import UsageError
from isolation_checks.plan import read
from tests.isolation_checks.discovery import stored
from tests.isolation_checks.language import subject
from tests.servers.mariadb import mariadb_server
from tests.servers.postgres import postgres_server

PLAN = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1/"
[auth]
source = "mint"
secret = "env:ANY"
carry = { headers = { Authorization = "Bearer {token}" } }
"""
OWNER = "thread_id -> threads.id -> metadata_.user_id"


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def url(request, tmp_path_factory):
    """A database with the traces of a run, of every kind."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path_factory.mktemp('rows') / 'platform.db'}"
        stored.fill(address)
        yield address
    else:
        server = postgres_server() if request.param == "postgresql" else mariadb_server()
        with server as address:
            stored.fill(address)
            yield address


def tables(found):
    """The proposed tables by their names; together they are part of a plan."""
    private = re.sub(r"(?m)^url = .*", 'url = "env:ANY"', found.toml)
    assert read.parse(PLAN + private, "what is proposed").rows is not None
    return {table["name"]: table for table in tomllib.loads(found.toml)["rows"]["tables"]}


def test_owners_are_found_over_joins_and_in_json(url, tmp_path):
    """Though no key and no reference is declared, and content is written in three ways."""
    found = stored.discovered(tmp_path, url)
    proposed = tables(found)
    kind = "iso" if url.startswith("sqlite") else "timestamp"
    assert {
        "name": "messages",
        "key": "id",
        "owner": OWNER,
        "conversation": "thread_id",
        "text": ["content"],
        "time": "created_at",
        "time_is": kind,
    } == proposed["messages"]
    assert {
        "name": "threads",
        "key": "id",
        "owner": "metadata_.user_id",
        "conversation": "id",
        "time": "created_at",
        "time_is": "epoch",
    } == proposed["threads"]
    assert {
        "name": "runs",
        "key": "id",
        "owner": OWNER,
        "conversation": "thread_id",
        "time": "created_at",
        "time_is": "epoch",
    } == proposed["runs"]
    assert {
        "name": "tool_usage_logs",
        "key": "number",
        "owner": "user_id",
        "query": "metadata_.run.id",
        "json": ["given"],
        "each_query": 1,
    } == proposed["tool_usage_logs"]
    assert {"messages", "threads", "runs", "tool_usage_logs"} == set(proposed)
    assert ("accounts names principals (id, email), and no words or queries",) == found.unseen


def test_every_line_says_how_sure_it_is(url, tmp_path):
    """By how many sightings, and by which joins."""
    said = stored.discovered(tmp_path, url).toml
    lines = [line for line in said.splitlines() if " = " in line and not line.startswith("url")]
    assert all("  # " in line for line in lines)
    (owner,) = [line for line in lines if OWNER in line and "48" in line]
    assert "# sure: 48 of 48 rows name one of 4 principals, 48 of 48 as their words" in owner
    assert "thread_id = threads.id by equal values, 4 of 4" in owner


def test_an_owner_that_is_always_the_same_is_one_all_the_same(tmp_path):
    """It may be the fault that is sought; what leads elsewhere would hide it.

    A number may be anything, and so may a place that is not called as owners are.
    """
    address = f"sqlite:///{tmp_path / 'platform.db'}"
    stored.fill(address)
    with stored.writing(address) as execute:
        execute("ALTER TABLE messages ADD COLUMN actor TEXT")
        execute("ALTER TABLE messages ADD COLUMN opened_by TEXT")
        execute(f"UPDATE messages SET opened_by = '{subject('a')}'")
        before = tables(stored.discovered(tmp_path / "before", address))
        execute(f"UPDATE messages SET actor = '{subject('a')}'")
    found = stored.discovered(tmp_path / "after", address)
    assert OWNER == before["messages"]["owner"]
    assert "actor" == tables(found)["messages"]["owner"]
    (line,) = [line for line in found.toml.splitlines() if '"actor"' in line]
    assert "perhaps: 48 of 48 rows name one principal, always the same, 12 of 48 as" in line


def test_an_empty_or_strange_database_proposes_nothing(tmp_path):
    """Nothing of this run: no tables, rather than wrong ones."""
    address = f"sqlite:///{tmp_path / 'other.db'}"
    with stored.writing(address) as execute:
        execute("CREATE TABLE messages (id, user_id, content, at)")
        assert () == stored.discovered(tmp_path / "empty", address).tables
        execute("INSERT INTO messages VALUES (1, 'zoe', 'words of somebody else', 5)")
    assert () == stored.discovered(tmp_path / "strange", address).tables


def test_row_level_security_is_said(tmp_path):
    """A role that may see nothing is told so, table by table; nothing is proposed."""
    with postgres_server() as url:
        stored.fill(url, references=True)
        whole = stored.discovered(tmp_path / "whole", url)
        assert "by declared references" in whole.toml
        assert OWNER == tables(whole)["messages"]["owner"]
        with stored.writing(url) as execute:
            execute("CREATE ROLE reader LOGIN")
            for table in ("threads", "messages", "runs", "tool_usage_logs"):
                execute(f"GRANT SELECT ON {table} TO reader")
                execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            execute(
                "CREATE POLICY own ON tool_usage_logs USING "
                f"(user_id IN ('{subject('a')}', '{subject('b')}'))"
            )
        few = stored.discovered(tmp_path / "few", url.replace("tester@", "reader@"))
    assert ("tool_usage_logs",) == few.tables
    assert "# row-level security may hide rows from this role" in few.toml
    blind = [line for line in few.unseen if "row-level security may hide its rows" in line]
    assert ["messages", "runs", "threads"] == [line.partition(":")[0] for line in blind]
    (accounts,) = [line for line in few.unseen if line.startswith("accounts")]
    assert "could not be read" in accounts


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sqlite:////nowhere/at/all.db", "there is no file"),
        ("env:CROSSTALK_TEST_UNSET", "CROSSTALK_TEST_UNSET is not set"),
        ("oracle://x", "no row source for oracle"),
        ("mysql://u:s3cr3t@127.0.0.1:1/app", "cannot be read"),
        ("redis://:s3cr3t@127.0.0.1:1", "cannot be read"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(address, said, monkeypatch):
    """Before anything is driven, and without its password."""
    monkeypatch.setenv("ROWS", address)
    given = address if address.startswith("env") else "env:ROWS"
    with pytest.raises(UsageError, match=said) as refused:
        require_readable([given])
    assert "s3cr3t" not in str(refused.value)
