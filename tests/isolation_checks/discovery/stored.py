"""A run that is told, and a platform's database in which it left its traces, as real ones do.

The schema is a real platform's: owners only in a thread's JSON, messages by way of their
thread, content written in three ways, runs without users and with times in whole seconds.
"""

from __future__ import annotations

import json
import sqlite3
import urllib.parse
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import adbc_driver_postgresql.dbapi as postgresql
import pymysql

from isolation_checks.discovery.discover import discover
from isolation_checks.loading.load import loaded
from tests.isolation_checks.language import conversation, subject, word, written

NAMES, TURNS = "abcd", 6
STARTED = datetime.fromisoformat("2026-11-22T09:41:00+00:00")
"""As the language tells it."""
EPOCH = int(STARTED.timestamp()) + 5
STAMP = datetime.fromtimestamp(EPOCH, UTC).strftime("%Y-%m-%d %H:%M:%S")
SCHEMA = {
    "sqlite": {"json": "TEXT", "stamp": "TEXT", "text": "TEXT"},
    "postgresql": {"json": "JSONB", "stamp": "TIMESTAMPTZ", "text": "TEXT"},
    "mysql": {"json": "JSON", "stamp": "DATETIME(6)", "text": "VARCHAR(900)"},
}
TABLES = """
CREATE TABLE threads (id {text} NOT NULL, created_at INTEGER, metadata_ {json});
CREATE TABLE messages (id {text} NOT NULL, thread_id {text}, run_id {text}, role {text},
                       content {text}, created_at {stamp}, updated_at {stamp});
CREATE TABLE runs (id {text} NOT NULL, thread_id {text}, status {text}, created_at INTEGER);
CREATE TABLE tool_usage_logs (number INTEGER, user_id {text}, tool {text}, given {json},
                              metadata_ {json});
CREATE TABLE accounts (id {text} NOT NULL, email {text});
CREATE TABLE flags (id INTEGER, name {text});
"""


def script():
    """Four principals in a conversation each, and what each asked there."""
    asked = []
    for number, name in enumerate(NAMES):
        for turn in range(TURNS):
            query = f"q{number * TURNS + turn + 1}"
            asked += [f"{name}?{query}@{name}x,{name.upper()}{turn + 1}"]
            asked += [f"{name}:{query},@{name}x", f"{name}!{query}"]
    return " ".join(asked)


def rows():
    """For every table the rows that this leaves."""
    content = (
        lambda said: json.dumps([{"type": "text", "text": {"value": said}}]),
        lambda said: said,
        lambda said: str([{"type": "text", "text": {"value": said}}]),
    )
    tables = {name: [] for name in ("threads", "messages", "runs", "tool_usage_logs", "accounts")}
    tables["flags"] = [(1, "on"), (2, "off")]
    for number, name in enumerate(NAMES):
        thread = conversation(f"{name}x")
        metadata = json.dumps({"user_id": subject(name), "x": 1})
        tables["threads"].append((thread, EPOCH, metadata))
        tables["accounts"].append((subject(name), f"{name}@example.org"))
        for turn in range(TURNS):
            query = f"q{number * TURNS + turn + 1}"
            run, said = f"run-{query}-abcdef", f"my word is {word(f'{name.upper()}{turn + 1}')}"
            tables["runs"].append((run, thread, "completed", EPOCH))
            for role, text in (("user", said), ("assistant", f"you said: {said}")):
                values = (f"message-{role}-{query}", thread, run, role, content[turn % 3](text))
                tables["messages"].append((*values, STAMP, STAMP))
            log = (number * TURNS + turn, subject(name), "echo", json.dumps({"text": said}))
            tables["tool_usage_logs"].append((*log, json.dumps({"run": {"id": query}})))
    return tables


def statements(engine, references):
    """What fills an empty database."""
    words = SCHEMA[engine]
    made = TABLES.format(**words)
    if references:
        made = made.replace(f"id {words['text']} NOT NULL", f"id {words['text']} PRIMARY KEY")
        thread = f"thread_id {words['text']}"
        made = made.replace(thread, f"{thread} REFERENCES threads(id)")
    yield from filter(str.strip, made.split(";\n"))
    for table, values in rows().items():
        for row in values:
            quoted = ", ".join(map(_literal, row))
            yield f"INSERT INTO {table} VALUES ({quoted})"


def _literal(value):
    if not isinstance(value, str):
        return str(value)
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def fill(url, *, references=False):
    """Store the run in the database at this address."""
    with writing(url) as execute:
        for statement in statements(url.partition(":")[0], references):
            execute(statement)


@contextmanager
def writing(url):
    """Executes statements."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            yield connection.execute
            connection.commit()
    elif url.startswith("postgresql"):
        with (
            postgresql.connect(url, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            yield cursor.execute
    else:
        parts = urllib.parse.urlsplit(url)
        connected = pymysql.connect(
            host=parts.hostname,
            port=parts.port,
            user=parts.username,
            password=urllib.parse.unquote(parts.password),
            database=parts.path[1:],
            autocommit=True,
        )
        with connected as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'")
            yield cursor.execute


def discovered(folder, *urls):
    """What is discovered of the run in these databases."""
    with loaded(written(script(), folder)) as run:
        return discover(run, urls, lambda _: None)
