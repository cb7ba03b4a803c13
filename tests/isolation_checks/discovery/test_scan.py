"""Discovery in a real Redis: keys that are alike become patterns with holes."""

from __future__ import annotations

import hashlib
import json
import tomllib
import uuid
from types import SimpleNamespace

import pytest
import redis

from isolation_checks.discovery import scan
from isolation_checks.plan import read
from tests.isolation_checks.discovery import stored
from tests.isolation_checks.discovery.test_discover import PLAN
from tests.isolation_checks.language import conversation, subject, word
from tests.reference_platform.redis_server import redis_server


@pytest.fixture(scope="module")
def url():
    with redis_server() as address:
        with redis.Redis.from_url(address) as client:
            _fill(client)
        yield address


def _fill(client):
    for number, name in enumerate(stored.NAMES):
        for turn in range(stored.TURNS):
            query = f"q{number * stored.TURNS + turn + 1}"
            said = f"it is {word(f'{name.upper()}{turn + 1}')}"
            opaque = hashlib.sha256(query.encode()).hexdigest()
            client.set(f"app:answer:{opaque}", json.dumps({"content": said, "steps": []}))
            client.hset(
                f"app:state:{subject(name)}:{uuid.uuid5(uuid.NAMESPACE_DNS, query)}",
                mapping={"thread": conversation(f"{name}x"), "last": said, "n": turn},
            )
            fields = {"user_id": subject(name), "run": json.dumps({"id": query}), "text": said}
            client.xadd("app:events", fields, id=f"{stored.EPOCH}000-{number * 100 + turn + 1}")
        client.set(f"app:online:{subject(name)}", "1")
    client.rpush("jobs", *(json.dumps({"kind": "mail", "n": n}) for n in range(5)))


def test_keys_become_tables(url, tmp_path):
    """With owners in keys, in fields and nowhere; conversations and queries; and a time."""
    found = stored.discovered(tmp_path, url)
    assert read.parse(PLAN + found.toml, "what is proposed").rows is not None
    proposed = {t["name"]: t for t in tomllib.loads(found.toml)["rows"]["tables"]}
    assert {
        "app_state": {
            "name": "app_state",
            "keys": ["app:state:{owner}:*"],
            "conversation": "thread",
            "text": ["last"],
        },
        "app_answer": {"name": "app_answer", "keys": ["app:answer:*"], "json": ["value"]},
        "app_events": {
            "name": "app_events",
            "keys": ["app:events"],
            "owner": "user_id",
            "query": "run.id",
            "text": ["text"],
            "time": "at",
            "time_is": "epoch",
        },
    } == proposed
    (nobodys,) = [line for line in found.toml.splitlines() if "whose its rows are" in line]
    assert "# whose its rows are is not found: nobody is accused by them" == nobodys


def test_two_databases_are_one_plan(url, tmp_path):
    """Tables that do not lie in the first say where they do."""
    address = f"sqlite:///{tmp_path / 'platform.db'}"
    stored.fill(address)
    found = stored.discovered(tmp_path / "runs", address, url)
    rows = tomllib.loads(found.toml)["rows"]
    assert address == rows["url"]
    where = {table["name"]: table.get("url") for table in rows["tables"]}
    assert (None, url) == (where["messages"], where["app_state"])
    assert read.parse(PLAN + found.toml, "what is proposed").rows.urls == (address, url)


def test_what_is_looked_at_is_bounded(url, tmp_path, monkeypatch):
    """So many rows, and so many kinds of keys; what is not all is called the newest."""
    monkeypatch.setattr(scan, "KEYS", 1)
    monkeypatch.setattr(scan, "ROWS", 5)
    found = stored.discovered(tmp_path, url)
    assert "of the newest 5 rows" in found.toml


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("session:ana:17", "session:{owner}:*"),
        ("u:ana@x/t-1#q1", "u:{owner}/{conversation}#{query}"),
        ("cache:9f86d081884c7d65", "cache:*"),
        ("{tag}:3fa85f64-5717-4562-b3fc-2c963f66afa6", "*tag*:*"),
        ("settings:theme", "settings:theme"),
        ("rate:user-limit:token.A1b2C3d4E5f6", "rate:user-limit:*"),
    ],
)
def test_a_key_is_parted_at_its_separators(key, pattern):
    """Known ids are holes, what looks made up is anything, the rest stands for itself."""
    ids = {"subjects": ["ana"], "emails": ["ana@x"], "conversations": ["t-1"], "queries": ["q1"]}
    known = SimpleNamespace(**{kind: dict.fromkeys(each, "a") for kind, each in ids.items()})
    assert pattern == scan.parted(key, known)[0]
