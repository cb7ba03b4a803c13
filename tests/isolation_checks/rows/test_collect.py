"""Collecting rows from real databases: settled, bounded, private, and honest about failure."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.history.stream import batches
from isolation_checks.plan import read
from isolation_checks.rows import sources
from isolation_checks.rows.collect import collect, read_said
from tests.isolation_checks.rows.clock import Clock
from tests.isolation_checks.rows.planned import HEAD

PLAN = (
    HEAD
    + """[rows]
url = "{url}"
settle = "2s"
settle_limit = "6s"
limit = {limit}
[[rows.tables]]
name = "messages"
owner = "user_id"
text = ["content"]
"""
)


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "platform.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE messages (id INTEGER, user_id TEXT, content TEXT)")
        connection.execute("INSERT INTO messages VALUES (1, 'ana', 'hello'), (2, 'ben', NULL)")
    return path


FINISHED = """finished = { column = "status", values = ["it's over"] }
"""


def run(tmp_path, url, limit=100, more="") -> RunDirectory:
    directory = RunDirectory(tmp_path / "run")
    directory.path.mkdir()
    plan = read.parse(PLAN.format(url=url, limit=limit) + more, "a plan")
    add_json(
        directory.description,
        {"plan": read.encode(plan), "started_at": datetime(2026, 1, 1, tzinfo=UTC).isoformat()},
    )
    return directory


def collected(directory, during=lambda: None):
    clock = Clock(during)
    return collect(directory, clock=clock, sleep=clock.sleep)


def stored(folder):
    return pa.Table.from_batches(list(batches(folder / "messages.arrow"))).to_pylist()


def test_rows_are_kept_as_they_stand(tmp_path, database):
    """Key, owner and texts of every row; a null stays one."""
    folder = collected(run(tmp_path, f"sqlite:///{database}"))
    assert [(row["key"], row["owner"], row["texts"]) for row in stored(folder)] == [
        ("1", "ana", ["hello"]),
        ("2", "ben", [None]),
    ]
    assert read_said(folder)["settled"]


def test_a_second_collection_leaves_the_first(tmp_path, database):
    """Every reading has a folder of its own."""
    directory = run(tmp_path, f"sqlite:///{database}")
    assert [collected(directory).name, collected(directory).name] == ["1", "2"]


def test_rows_that_keep_coming_are_not_settled(tmp_path, database):
    """Counts that change until the limit make the reading say so."""

    def another():
        with sqlite3.connect(database) as connection:
            connection.execute("INSERT INTO messages VALUES (3, 'ana', 'more')")

    assert not read_said(collected(run(tmp_path, f"sqlite:///{database}"), another))["settled"]


def test_rows_whose_operation_ends_have_not_settled(tmp_path, database):
    """There are no more of them, and what they say still changes."""
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE messages ADD COLUMN status TEXT DEFAULT 'running'")
    looks = []

    def end_one():
        looks.append(1)
        if len(looks) in (2, 5):
            with sqlite3.connect(database) as connection:
                number = 1 if len(looks) == 2 else 2
                connection.execute(
                    "UPDATE messages SET status = 'it''s over' WHERE id = ?", [number]
                )

    directory = run(tmp_path, f"sqlite:///{database}", more=FINISHED)
    folder = collected(directory, end_one)
    assert read_said(folder)["settling_s"] >= 4.5
    assert ["it's over"] * 2 == [row["finished"] for row in stored(folder)]


def test_rows_over_the_limit_are_said_to_be_left_out(tmp_path, database):
    """One row more than the limit is enough to know; it is not kept."""
    folder = collected(run(tmp_path, f"sqlite:///{database}", limit=1))
    assert read_said(folder)["tables"]["messages"]["more"]
    assert len(stored(folder)) == 1


def test_exactly_the_limit_is_everything(tmp_path, database):
    """As many rows as the limit are all there are."""
    said = read_said(collected(run(tmp_path, f"sqlite:///{database}", limit=2)))
    assert said["tables"]["messages"]["more"] is False


def test_the_platform_is_only_read(tmp_path, database):
    """The database's file is the same before and after, and nothing stands beside it."""
    before, beside = database.read_bytes(), set(tmp_path.iterdir())
    collected(run(tmp_path, f"sqlite:///{database}"))
    assert before == database.read_bytes()
    assert {tmp_path / "run"} == set(tmp_path.iterdir()) - beside
    with (
        sources.snapshot(f"sqlite:///{database}") as cursor,
        pytest.raises(Exception, match="readonly"),
    ):
        cursor.execute("DELETE FROM messages")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all.db",
        "env:CROSSTALK_TEST_UNSET",
        "postgresql://nobody@127.0.0.1:1/none",
    ],
)
def test_a_database_that_cannot_be_read_is_data(tmp_path, url):
    """The reading says what was wrong; nothing crashes."""
    assert read_said(collected(run(tmp_path, url)))["problem"]


def test_a_table_that_is_not_there_is_data(tmp_path, database):
    """So does one whose table is missing."""
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE messages")
    assert "messages" in read_said(collected(run(tmp_path, f"sqlite:///{database}")))["problem"]


def test_a_password_is_never_written(tmp_path, monkeypatch):
    """An error that quotes the URL loses its password."""
    monkeypatch.setenv("ROWS", "postgresql://tester:very%20secret@127.0.0.1:1/none")
    folder = collected(run(tmp_path, "env:ROWS"))
    text = (folder / "reading.json").read_text()
    assert "problem" in json.loads(text)
    assert "very secret" not in text
    assert "very%20secret" not in text


def test_an_engine_that_is_not_known_is_named():
    """The sentence says which there are."""
    with pytest.raises(LookupError, match="sqlite, postgresql, mysql and redis"):
        sources.engine_of("oracle://x")


def test_a_credential_in_a_row_is_marked(tmp_path, database):
    """A JWT that the platform stored is not stored again."""
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO messages VALUES (3, 'ana', ?)", (f"token {token}",))
    folder = collected(run(tmp_path, f"sqlite:///{database}"))
    assert stored(folder)[2]["texts"][0].startswith("token credential.unknown.")
    assert token.encode() not in (folder / "messages.arrow").read_bytes()


def test_a_credential_in_any_column_is_marked(tmp_path, database):
    """Keys and owners too: some platforms keep sessions by their token."""
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO messages VALUES (?, ?, 'x')", (token, token))
    folder = collected(run(tmp_path, f"sqlite:///{database}"))
    assert stored(folder)[2]["owner"].startswith("credential.unknown.")
    assert token.encode() not in (folder / "messages.arrow").read_bytes()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://tester:s3cr3t%2Fp@h/db",
        "postgresql://h/db?user=tester&password=s3cr3t%2Fp",
        "host=h user=tester password=s3cr3t%2Fp",
        "jdbc:postgresql://h/db;password=s3cr3t%2Fp",
        "tester:s3cr3t%2Fp@h",
        "http://[broken:s3cr3t%2Fp@h",
    ],
)
def test_no_form_of_an_address_gives_its_password_away(tmp_path, monkeypatch, url):
    """Neither when the engine is not known, nor in what a driver says of it."""
    monkeypatch.setenv("ROWS", url)
    text = (collected(run(tmp_path, "env:ROWS")) / "reading.json").read_text()
    assert "problem" in json.loads(text)
    assert "s3cr3t" not in text
    said = sources.without_secrets(f"cannot reach {url}: wrong password s3cr3t/p", url)
    assert "s3cr3t" not in said


def test_a_table_without_a_time_is_not_bounded(tmp_path, database):
    """The reading says for each table whether older rows were left out."""
    said = read_said(collected(run(tmp_path, f"sqlite:///{database}")))
    assert said["tables"]["messages"]["bounded"] is False
    [where] = said["databases"]
    assert where["clock_behind_s"] is None
    assert where["since_s"] == datetime(2026, 1, 1, tzinfo=UTC).timestamp() - 60
