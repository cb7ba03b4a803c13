"""A real PostgreSQL says who is connected to it, and who waits."""

from __future__ import annotations

import threading

import adbc_driver_postgresql.dbapi as driver
import pytest

from isolation_checks.resources.connections import Connections
from isolation_checks.resources.source import UnreachableError
from tests.servers.postgres import free_port, postgres_server


@pytest.fixture(scope="module")
def url():
    with postgres_server() as address:
        yield address


def seen(source):
    return {level.resource.removeprefix("connections").strip(): level for level in source()}


def test_who_is_there_who_works_and_who_waits_is_seen_anew_each_time(url):
    """One is idle, one idle in a transaction that holds a lock, one waits for it."""
    source = Connections(url)
    before = seen(source)
    assert 0 == before[""].value
    assert 200 == before[""].most
    holder, waiter, idle = (driver.connect(url) for _ in range(3))
    with holder, waiter, idle, holder.cursor() as first, waiter.cursor() as second:
        first.execute("CREATE TABLE held (id int)")
        holder.commit()
        first.execute("LOCK TABLE held")
        waiting = threading.Thread(target=second.execute, args=("SELECT * FROM held",))
        waiting.start()
        now = seen(source)
        while not now["that wait for a lock"].value:
            now = seen(source)
        counts = {name: level.value for name, level in now.items()}
        holder.rollback()
        waiting.join()
    assert {"": 3, "at work": 1, "idle in a transaction": 1, "that wait for a lock": 1} == counts


def test_a_database_that_is_away_or_another_says_so_without_its_password(monkeypatch):
    """And is tried again at the next look."""
    monkeypatch.setenv("AWAY", f"postgresql://me:hush@127.0.0.1:{free_port()}/x")
    away = Connections("env:AWAY")
    for _ in range(2):
        with pytest.raises(UnreachableError) as caught:
            away()
        assert "hush" not in str(caught.value)
    with pytest.raises(UnreachableError, match="only PostgreSQL"):
        Connections("mysql://127.0.0.1/x")()
    with pytest.raises(UnreachableError, match="NOT_SET is not set"):
        Connections("env:NOT_SET")()
