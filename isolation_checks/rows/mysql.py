"""A connection to MariaDB or MySQL, read-only and in one snapshot, that gives Arrow batches.

There is no ADBC driver for them to install: rows come from pymysql as they are asked
for, and never all at once.
"""

from __future__ import annotations

import ssl
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pymysql
from pymysql.cursors import SSCursor

BATCH = 5_000
"""Rows that are held at once."""
CONNECT_SECONDS, READ_SECONDS = 10, 300
_SETTINGS = (
    "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
    "SET SESSION time_zone = '+00:00'",  # what times without a zone are in
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)


class Cursor(SSCursor):  # type: ignore[misc] # pymysql is untyped
    """A cursor that leaves rows with the server until they are read."""

    def execute(self, query: str, args: object = None) -> int:
        """Ask; what is left of the question before is thrown away first."""
        if self._result is not None and self._result.unbuffered_active:
            self._result._finish_unbuffered_query()  # noqa: SLF001 - what close does too
        count: int = super().execute(query, args)
        return count

    def fetch_record_batch(self) -> Iterator[pa.RecordBatch]:
        """What was asked for, in batches, every column as text."""
        names = [column[0] for column in self.description]
        while rows := self.fetchmany(BATCH):
            columns = zip(*rows, strict=True)
            texts = [pa.array(map(_text, column), type=pa.string()) for column in columns]
            yield pa.RecordBatch.from_arrays(texts, names=names)


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if value is None else str(value)


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """A connection whose cursors see one state and can change nothing.

    `?ssl_ca=PATH` asks for TLS with a server of that authority, `?ssl=true` with one that
    this machine trusts.

    Raises:
        LookupError: the URL names no database.
    """
    parts = urllib.parse.urlsplit(url)
    asked = dict(urllib.parse.parse_qsl(parts.query))
    database = urllib.parse.unquote(parts.path.lstrip("/"))
    if not database:
        raise LookupError("the address names no database; write mysql://user@host:3306/DATABASE")
    secure = asked.get("ssl", "").lower() in ("true", "1") or "ssl_ca" in asked
    connection = pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=urllib.parse.unquote(parts.username or ""),
        password=urllib.parse.unquote(parts.password or ""),
        database=database,
        charset="utf8mb4",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        ssl=ssl.create_default_context(cafile=asked.get("ssl_ca")) if secure else None,
        cursorclass=Cursor,
    )
    with connection, connection.cursor() as cursor:
        for statement in _SETTINGS:
            cursor.execute(statement)
        yield connection
