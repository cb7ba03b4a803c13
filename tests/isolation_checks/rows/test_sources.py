from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import contextmanager

import pytest

from isolation_checks.rows import sources


def test_an_address_may_be_a_reference(tmp_path, monkeypatch):
    """To the environment or to a file; anything else is the address itself."""
    monkeypatch.setenv("ROWS", "sqlite:////here.db")
    (tmp_path / "url").write_text("postgresql://there/db\n")
    assert "sqlite:////here.db" == sources.resolved("env:ROWS")
    assert "postgresql://there/db" == sources.resolved(f"file:{tmp_path}/url")
    assert "sqlite:////here.db" == sources.resolved("sqlite:////here.db")


@pytest.mark.parametrize("reference", ["env:CROSSTALK_TEST_UNSET", "file:/nowhere/at/all"])
def test_a_reference_to_nothing_says_what_it_refers_to(reference):
    """One sentence, without any value."""
    with pytest.raises(LookupError, match=f"the plan refers to {reference}"):
        sources.resolved(reference)


@pytest.mark.parametrize(
    ("url", "engine"),
    [
        ("sqlite:////tmp/x.db", "sqlite"),
        ("postgres://h/db", "postgresql"),
        ("postgresql://u@h:5432/db?sslmode=require", "postgresql"),
        ("mysql://u@h/db", "mysql"),
        ("mariadb://u@h/db?ssl=true", "mysql"),
        ("redis://h", "redis"),
        ("rediss://h/1", "redis"),
    ],
)
def test_an_address_names_its_engine(url, engine):
    """By its scheme."""
    assert engine == sources.engine_of(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://u:pw@h/db", "no row source for oracle:// is known"),
        ("sqlite:relative.db", "no row source for this database's address is known"),
        ("host=h password=a:b", "no row source for this database's address is known"),
    ],
)
def test_an_engine_that_is_not_known_is_refused(url, said):
    """Without repeating what may hold a password."""
    with pytest.raises(LookupError, match=said) as caught:
        sources.engine_of(url)
    assert "a:b" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    """SQLite would make an empty database, and find nothing in it."""
    path = tmp_path / "none.db"
    with (
        pytest.raises(LookupError, match="there is no file"),
        sources.snapshot(f"sqlite:///{path}"),
    ):
        pass
    assert not path.exists()


HOLDER = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("INSERT INTO messages VALUES ('late')")
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def written_to(path):
    """A file that another process, like a platform, holds until its input ends."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE messages (content TEXT)")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert b"held\n" == holder.stdout.readline()
        yield holder.stdin
    assert 0 == holder.returncode


def counted(path):
    with sources.snapshot(f"sqlite:///{path}") as cursor:
        cursor.execute("SELECT count(*) FROM messages")
        return cursor.fetchone()[0]


def test_a_file_that_is_being_written_to_is_waited_for(tmp_path):
    """A platform that keeps no write-ahead log locks its readers out for as long as it writes."""
    path = tmp_path / "platform.db"
    with written_to(path) as writing, ThreadPoolExecutor(1) as elsewhere:
        counting = elsewhere.submit(counted, path)
        with pytest.raises(StillWaiting):
            counting.result(timeout=0.5)
        writing.close()
        assert 1 == counting.result(timeout=10)


def test_a_file_that_stays_locked_is_not_waited_for_without_end(tmp_path, monkeypatch):
    """What holds it may hang."""
    monkeypatch.setattr(sources, "LOCK_SECONDS", 0.1)
    path = tmp_path / "platform.db"
    with written_to(path), pytest.raises(Exception, match="database is locked"):
        counted(path)


def test_an_error_is_one_line_without_secrets():
    """However long it was, and wherever the password stood."""
    url = "postgresql://tester:hush%20hush@h/db"
    said = sources.without_secrets(f"no way\n to  {url}\n as hush hush {'x' * 900}", url)
    assert said.startswith("no way to … as … xxx")
    assert 500 == len(said)
