"""Which database a plan's URL means, and how it is opened: read-only, in one state.

One function per engine opens a connection; reading a table is the same for all that
speak SQL.  Redis, which has neither tables nor snapshots, is `keyspace`'s affair.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import pyarrow as pa

from isolation_checks.plan.tables.rows import Table
from isolation_checks.plan.units import Secret
from isolation_checks.rows import ways
from isolation_checks.rows.ways import Engine

CONNECT_SECONDS, LOCK_SECONDS, READ_SECONDS = 10, 30, 300
"""How long a database may take to let us in, to give up a lock and to answer.

PostgreSQL would itself wait for ever, and the drive's end with it; SQLite not at all.
"""
Kind = Engine | Literal["redis"]
_SCHEMES: Mapping[str, Kind] = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "redis": "redis",
    "rediss": "redis",
}


class Opened(Protocol):
    """A database that is open for reading."""

    @property
    def snapshot(self) -> bool:
        """Whether everything is read in one state."""
        ...

    @property
    def cut(self) -> bool:
        """Whether something that was asked for was left out, whatever the limit."""
        ...

    def clock(self) -> float | None:
        """The database's own time, in seconds since 1970; None where it has ours."""
        ...

    def count(self, table: Table, since_s: float | None) -> int:
        """How many rows there are to read."""
        ...

    def over(self, table: Table, since_s: float | None) -> int:
        """How many of them say that their operation is over; 0 where none can."""
        ...

    def read(self, table: Table, since_s: float | None, limit: int) -> Iterator[pa.RecordBatch]:
        """The fixed columns of a table and then its texts, each as text."""
        ...


def resolved(url: str) -> str:
    """A plan's URL with its reference looked up.

    Raises:
        LookupError: it refers to something that is not there.
    """
    return Secret(url).value() if url.startswith(("env:", "file:")) else url


def engine_of(url: str) -> Kind:
    """Which engine a URL names.

    Raises:
        LookupError: none that is known.
    """
    if url.startswith("sqlite:///"):
        return "sqlite"
    scheme = re.match(r"([a-z][a-z0-9+.-]*)://", url)
    if scheme and scheme[1] in _SCHEMES:
        return _SCHEMES[scheme[1]]
    kind = scheme[0] if scheme else "this database's address"
    raise LookupError(
        f"no row source for {kind} is known; there are sqlite, postgresql, mysql and redis"
    )


@contextmanager
def opened(url: str) -> Iterator[Opened]:
    """A database, open for reading and for nothing else."""
    engine = engine_of(url)
    if engine == "redis":
        from isolation_checks.rows import keyspace  # noqa: PLC0415 - only where it is needed

        with keyspace.opened(url) as keys:
            yield keys
    else:
        with snapshot(url) as cursor:
            yield _Sql(engine, cursor)


@contextmanager
def snapshot(url: str) -> Iterator[Any]:
    """A cursor in a read-only transaction that sees one state of the database."""
    with _OPENERS[engine_of(url)](url) as connection, connection.cursor() as cursor:
        yield cursor


@dataclass(slots=True)
class _Sql:
    """Tables behind a cursor of ours."""

    engine: Engine
    cursor: Any
    snapshot: bool = True
    cut: bool = False

    def clock(self) -> float | None:
        asked = ways.clock(self.engine)
        return None if asked is None else float(self._one(asked))

    def count(self, table: Table, since_s: float | None) -> int:
        return int(self._one(ways.count(table, self.engine, since_s)))

    def over(self, table: Table, since_s: float | None) -> int:
        asked = ways.over(table, self.engine, since_s)
        return 0 if asked is None else int(self._one(asked))

    def read(self, table: Table, since_s: float | None, limit: int) -> Iterator[pa.RecordBatch]:
        self.cursor.execute(ways.select(table, self.engine, since_s, limit))
        yield from self.cursor.fetch_record_batch()

    def _one(self, asked: str) -> Any:  # noqa: ANN401 - what a driver gives
        self.cursor.execute(asked)
        return self.cursor.fetchone()[0]


@contextmanager
def _sqlite(url: str) -> Iterator[Any]:
    import adbc_driver_sqlite.dbapi as driver  # noqa: PLC0415 - only where it is needed

    path = Path(url.removeprefix("sqlite:///"))
    if not path.is_file():
        raise LookupError(f"there is no file {path}")
    with driver.connect(f"file:{urllib.parse.quote(str(path))}?mode=ro") as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {1000 * LOCK_SECONDS:.0f}")
        yield connection


@contextmanager
def _postgresql(url: str) -> Iterator[Any]:
    import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415 - only where it is needed

    if "connect_timeout=" not in url:
        url += f"{'&' if '?' in url else '?'}connect_timeout={CONNECT_SECONDS}"
    with driver.connect(url) as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            cursor.execute(f"SET LOCAL statement_timeout = '{READ_SECONDS}s'")
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL TIME ZONE 'UTC'")  # what times without a zone are in
        yield connection


@contextmanager
def _mysql(url: str) -> Iterator[Any]:
    from isolation_checks.rows import mysql  # noqa: PLC0415 - only where it is needed

    with mysql.connected(url) as connection:
        yield connection


_OPENERS: Mapping[Kind, Callable[[str], Any]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mysql,
}


def without_secrets(text: str, url: str) -> str:
    """An error's text with the URL and its password taken out."""
    for secret in sorted(filter(None, _secrets(url)), key=len, reverse=True):
        text = text.replace(secret, "…")
    return " ".join(text.split())[:500]


def _secrets(url: str) -> Iterator[str]:
    """The URL, and its password wherever one may stand in it, as written and as meant."""
    yield url
    written = re.findall(
        r"(?:^|//)[^/?#@]*?:([^/?#@]*)@|[?&\s;]password=([^&\s;]*)", url, re.IGNORECASE
    )
    for password in (found for pair in written for found in pair):
        yield password
        yield urllib.parse.unquote(password)
        yield urllib.parse.unquote_plus(password)
