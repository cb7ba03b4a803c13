"""SQLite as a server's database: one writer thread that groups commits, readers beside it.

Several processes may work on one file: the write-ahead log lets them read while one writes,
and a busy writer waits for its turn.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from reference_platform.storage.database import ConflictError, Row, Scope, Statement, Value
from reference_platform.storage.schema import SQLITE_SCHEMA

_BUSY_TIMEOUT_S = 15.0
_BUSY_PAUSE_S = 0.01
_GROUP = 128  # transactions committed together at most
_READERS = 2
_RUNS_COLUMNS = "SELECT name FROM pragma_table_info('runs')"


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the file over, once for all; here a busy database does not wait by itself."""
    limit = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > limit:
                raise
            time.sleep(_BUSY_PAUSE_S)
        else:
            return


@dataclass(slots=True)
class _Job:
    """A transaction on its way to the writer, and where its outcome is awaited."""

    statements: Sequence[Statement]
    future: asyncio.Future[None]
    error: Exception | None = field(default=None)


class SqliteDatabase:
    """A Database in one file.  Scopes bind nothing here; the SQL itself must name the owner."""

    def __init__(self, path: str) -> None:
        """Remember where the file is; nothing is opened yet."""
        self._path = str(Path(path).absolute())
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-read")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._writer = threading.Thread(target=self._write_jobs, name="sqlite-write", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def public_url(self) -> str:
        """The file's URL."""
        return f"sqlite:///{self._path}"

    def _create(self) -> None:
        """Create what is missing of the schema."""
        connection = _connect(self._path)
        try:
            _use_write_ahead_log(connection)
            connection.executescript(f"BEGIN IMMEDIATE;{SQLITE_SCHEMA}COMMIT;")
            if "worker" not in {row["name"] for row in connection.execute(_RUNS_COLUMNS)}:
                connection.execute("ALTER TABLE runs ADD COLUMN worker TEXT")  # an older file
        finally:
            connection.close()

    async def open(self) -> None:
        """Create the schema and start the writer."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._create)
        self._writer.start()

    async def close(self) -> None:
        """Let the writer finish its queue, then close every connection."""
        self._jobs.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown(wait=True)
        for connection in self._connections:
            connection.close()

    async def read(self, scope: Scope, sql: str, *arguments: Value) -> list[Row]:
        """Run one query on a reader thread."""
        del scope  # SQLite knows no row-level security
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._fetch, sql, arguments)

    async def write(self, scope: Scope, statements: Sequence[Statement]) -> None:
        """Hand a transaction to the writer and wait until it is committed."""
        del scope
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(statements, future))
        await future

    def _fetch(self, sql: str, arguments: tuple[Value, ...]) -> list[Row]:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self._path)
            self._connections.append(connection)
        return [dict(row) for row in connection.execute(sql, arguments)]

    def _write_jobs(self) -> None:
        """The writer thread: take what is waiting, commit it together, say so."""
        connection = _connect(self._path)
        running = True
        while running:
            group: list[_Job] = []
            job = self._jobs.get()
            while job is not None:
                group.append(job)
                if len(group) == _GROUP or self._jobs.empty():
                    break
                job = self._jobs.get()
            running = job is not None
            if group:
                _commit_group(connection, group)
                assert self._loop is not None
                self._loop.call_soon_threadsafe(_resolve, group)
        connection.close()


def _commit_group(connection: sqlite3.Connection, group: list[_Job]) -> None:
    """Commit a group; a job that fails rolls back alone, a commit that fails fails them all."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        for job in group:
            job.error = _run_job(connection, job.statements)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for job in group:
            job.error = job.error or error


def _run_job(connection: sqlite3.Connection, statements: Sequence[Statement]) -> Exception | None:
    connection.execute("SAVEPOINT job")
    try:
        for statement in statements:
            _execute(connection, statement)
    except Exception as error:  # noqa: BLE001 - whatever was handed over, the writer lives on
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return ConflictError(str(error)) if isinstance(error, sqlite3.IntegrityError) else error
    connection.execute("RELEASE job")
    return None


def _execute(connection: sqlite3.Connection, statement: Statement) -> None:
    touched = connection.execute(statement.sql, statement.arguments).rowcount
    if statement.touches not in (None, touched):
        raise ConflictError(f"touched {touched} rows: {statement.sql}")


def _resolve(group: list[_Job]) -> None:
    for job in group:
        if job.future.done():  # the caller was cancelled; what is committed stays committed
            continue
        if job.error is None:
            job.future.set_result(None)
        else:
            job.future.set_exception(job.error)
