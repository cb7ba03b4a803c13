"""Whatever the source, what was not seen is UNKNOWN, with the reason: real servers, real checks.

An empty database, one with another run's rows, one without this run's principals.
"""

from __future__ import annotations

import json

import pytest
import redis

from isolation_checks.checks.foreign_row import foreign_row
from isolation_checks.checks.row_accounting import row_accounting
from isolation_checks.loading.load import loaded
from isolation_checks.rows.collect import collect
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.discovery.stored import writing
from tests.isolation_checks.language import subject, word, written
from tests.isolation_checks.rows.clock import Clock
from tests.reference_platform.redis_server import redis_server
from tests.servers.mariadb import mariadb_server
from tests.servers.postgres import postgres_server

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
SCRIPT = "a?q1@x,A1 a:q1,@x a!q1 b?q2@y,B1 b:q2,@y b!q2"
ROWS = {
    "ours": [(subject("a"), "q1", word("A1")), (subject("b"), "q2", word("B1"))],
    "nothing": [],
    "another run's": [("zoe", "q8", word("A1", "earlier")), ("yan", "q9", "plain words")],
    "nobody known": [("17", "q1", word("A1")), ("18", "q2", word("B1"))],
    "only one's": [(subject("a"), "q1", word("A1"))],
    "swapped": [(subject("a"), "q2", word("B1")), (subject("b"), "q1", word("A1"))],
}
EXPECTED = {  # of foreign row, of row accounting, and of their reasons
    "ours": (PASS, PASS, "", ""),
    "nothing": (UNKNOWN, UNKNOWN, "no row of a known principal's was read from messages", "of 2"),
    "another run's": (UNKNOWN, UNKNOWN, "no row of a known principal's was read", "of 2"),
    "nobody known": (UNKNOWN, PASS, "the owners of 2 rows of messages with words of this run", ""),
    "only one's": (
        UNKNOWN,
        UNKNOWN,
        "rows of only 1 known principals could be read",
        "no row of b",
    ),
    "swapped": (FAIL, PASS, "", ""),
}
IN_KEYS = {"nothing": "no row of this run was read", "another run's": "no row of this run was read"}
"""Of row accounting, where nothing can be missed."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql", "redis"])
def url(request, tmp_path_factory):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('rows') / 'platform.db'}"
        return
    servers = {"postgresql": postgres_server, "mysql": mariadb_server, "redis": redis_server}
    with servers[request.param]() as address:
        yield address


def fill(url, rows):
    """Replace what is there by these rows."""
    if url.startswith("redis"):
        with redis.Redis.from_url(url) as client:
            client.flushall()
            for number, (owner, query, said) in enumerate(rows):
                value = json.dumps({"run": query, "said": said})
                client.set(f"message:{owner}:{number}", value)
        return
    with writing(url) as execute:
        execute("DROP TABLE IF EXISTS messages")
        execute("CREATE TABLE messages (id INT, user_id VARCHAR(40), run VARCHAR(40), said TEXT)")
        for number, (owner, query, said) in enumerate(rows):
            execute(f"INSERT INTO messages VALUES ({number}, '{owner}', '{query}', '{said}')")


def table(url):
    """The table, as a plan describes it."""
    if url.startswith("redis"):
        where = {"keys": ["message:{owner}:*"], "query": "value.run", "text": ["value.said"]}
    else:
        where = {"owner": "user_id", "query": "run", "text": ["said"], "each_query": 1}
    return {"name": "messages", **where}


@pytest.mark.parametrize("rows", ROWS)
def test_what_was_not_seen_is_unknown(url, rows, tmp_path, monkeypatch):
    """And what was seen is judged: the same on all of them."""
    fill(url, ROWS[rows])
    monkeypatch.setenv("CROSSTALK_TEST_ROWS", url)
    plan = {"rows": {"url": "env:CROSSTALK_TEST_ROWS", "tables": [table(url)]}}
    directory = written(SCRIPT, tmp_path, plan=plan)
    now = Clock()
    collect(directory, clock=now, sleep=now.sleep)
    with loaded(directory) as run:
        assert run.reading.problem is None
        foreign, accounted = foreign_row(run), row_accounting(run)
    wrong_owner, missing, why_owner, why_missing = EXPECTED[rows]
    if url.startswith("redis"):
        missing = UNKNOWN if rows in IN_KEYS else PASS
        why_missing = IN_KEYS.get(rows, "")
    assert (wrong_owner, missing) == (foreign.decided, accounted.decided)
    assert why_owner in foreign.note
    assert why_missing in accounted.note
    assert all(outcome.note for outcome in (foreign, accounted) if outcome.decided is UNKNOWN)
