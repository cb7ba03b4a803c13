"""PostgreSQL, with row-level security between users.

Two pools: the service's own connections, which own the tables and so may read everything, and
connections that have taken the application role, which sees only the rows of the user (or the
tenant) that its transaction was told to act for.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from reference_platform.faults import Faults
from reference_platform.storage.database import (
    ConflictError,
    Row,
    Scope,
    Statement,
    Value,
)
from reference_platform.storage.schema import (
    APPLICATION_ROLE,
    MARK_POSTGRES,
    POSTGRES_SCHEMA,
    POSTGRES_VERSION,
)

_SCHEMA_LOCK = 7_302_531_916  # any number that all starts of the platform agree on
_VERSION = "SELECT obj_description(to_regclass('notifications'), 'pg_class')"
_SERVICE_CONNECTIONS = (1, 4)
_APPLICATION_CONNECTIONS = (2, 10)
_TINY_POOL = (1, 2)
_FOR_GOOD = "SELECT set_config('app.user_id', $1, false), set_config('app.tenant', $2, false)"
_OWNED = re.compile(r"\b(user_id|tenant) = \?")
_ACT_FOR = "SELECT set_config('app.user_id', $1, true), set_config('app.tenant', $2, true)"


class PostgresDatabase:
    """A Database in which a user's scope is enforced by the server."""

    _service: asyncpg.Pool
    _application: asyncpg.Pool

    def __init__(self, url: str, faults: Faults) -> None:
        """Remember where the server is; nothing is opened yet."""
        self._url = url
        self._faults = faults

    @property
    def public_url(self) -> str:
        """The server's URL without its password."""
        parts = urlsplit(self._url)
        user, at, host = parts.netloc.rpartition("@")
        rest = [pair for pair in parse_qsl(parts.query) if "password" not in pair[0].lower()]
        shown = parts._replace(netloc=user.partition(":")[0] + at + host, query=urlencode(rest))
        return urlunsplit(shown)

    async def open(self) -> None:
        """Connect both pools, creating the schema in between where it is not there yet.

        A worker that is started anew takes no table away from those that go on.
        """
        smallest, largest = _SERVICE_CONNECTIONS
        self._service = await asyncpg.create_pool(self._url, min_size=smallest, max_size=largest)
        async with self._service.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _SCHEMA_LOCK)
            if await connection.fetchval(_VERSION) != POSTGRES_VERSION:
                await connection.execute(POSTGRES_SCHEMA + MARK_POSTGRES)
        residue = self._faults.on("pool_residue")
        smallest, largest = _TINY_POOL if residue else _APPLICATION_CONNECTIONS
        self._application = await asyncpg.create_pool(
            self._url,
            min_size=smallest,
            max_size=largest,
            init=_become_application,
            reset=_keep if residue else None,
        )

    async def close(self) -> None:
        """Close both pools."""
        await self._application.close()
        await self._service.close()

    async def read(self, scope: Scope, sql: str, *arguments: Value) -> list[Row]:
        """Run one query in the scope's name.

        Fault pool_residue: in the name that its connection was given for good when it last
        wrote, and no other.
        """
        if scope.user_id is not None and self._faults.strikes("pool_residue"):
            sql, arguments = _left_to_security(sql, arguments)
            async with self._application.acquire() as connection:
                return [dict(row) for row in await connection.fetch(_numbered(sql), *arguments)]
        async with self._pool(scope).acquire() as connection, connection.transaction():
            await _act_for(connection, scope)
            return [dict(row) for row in await connection.fetch(_numbered(sql), *arguments)]

    async def write(self, scope: Scope, statements: Sequence[Statement]) -> None:
        """Commit all statements together in the scope's name."""
        try:
            async with self._pool(scope).acquire() as connection, connection.transaction():
                await _act_for(connection, scope)
                if scope.user_id is not None and self._faults.on("pool_residue"):
                    await connection.execute(_FOR_GOOD, scope.user_id, scope.tenant or "")
                for statement in statements:
                    status = await connection.execute(
                        _numbered(statement.sql), *statement.arguments
                    )
                    touched = int(status.rpartition(" ")[2])
                    if statement.touches not in (None, touched):
                        raise ConflictError(f"touched {touched} rows: {statement.sql}")
        except asyncpg.IntegrityConstraintViolationError as error:
            raise ConflictError(str(error)) from error

    def _pool(self, scope: Scope) -> asyncpg.Pool:
        return self._service if scope.user_id is None else self._application


async def _become_application(connection: asyncpg.Connection) -> None:
    """Give up the service's rights for as long as the connection lives."""
    await connection.execute(f"SET ROLE {APPLICATION_ROLE}")


async def _keep(connection: asyncpg.Connection) -> None:
    """Hand a connection back to its pool as it is."""


def _left_to_security(sql: str, arguments: tuple[Value, ...]) -> tuple[str, tuple[Value, ...]]:
    """A query that leaves it to row-level security whose rows it reads."""
    kept: list[Value] = []
    spare = iter(arguments)
    pieces: list[str] = []
    end = 0
    for match in re.finditer(r"\?", sql):
        owned = _OWNED.search(sql, end, match.end())
        value = next(spare)
        if owned is None:
            kept.append(value)
            pieces.append(sql[end : match.end()])
        else:
            pieces.append(sql[end : owned.start()] + "TRUE")
        end = match.end()
    return "".join([*pieces, sql[end:]]), tuple(kept)


async def _act_for(connection: asyncpg.Connection, scope: Scope) -> None:
    """Tell row-level security whose rows this transaction is about; forgotten at its end."""
    if scope.user_id is not None:
        await connection.execute(_ACT_FOR, scope.user_id, scope.tenant or "")


@functools.cache
def _numbered(sql: str) -> str:
    """SQL with PostgreSQL's ``$1, $2 …`` in place of ``?``."""
    pieces = sql.split("?")
    numbers = itertools.chain((f"${n}" for n in range(1, len(pieces))), [""])
    return "".join(piece + number for piece, number in zip(pieces, numbers, strict=True))
