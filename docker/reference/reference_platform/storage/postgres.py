"""PostgreSQL, with row-level security between users.

Two pools: the service's own connections, which own the tables and so may read everything, and
connections that have taken the application role, which sees only the rows of the user (or the
tenant) that its transaction was told to act for.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from reference_platform.storage.database import (
    ConflictError,
    Row,
    Scope,
    Statement,
    Value,
)
from reference_platform.storage.schema import APPLICATION_ROLE, POSTGRES_SCHEMA

_SCHEMA_LOCK = 7_302_531_916  # any number that all starts of the platform agree on
_SERVICE_CONNECTIONS = (1, 4)
_APPLICATION_CONNECTIONS = (2, 10)
_ACT_FOR = "SELECT set_config('app.user_id', $1, true), set_config('app.tenant', $2, true)"


class PostgresDatabase:
    """A Database in which a user's scope is enforced by the server."""

    _service: asyncpg.Pool
    _application: asyncpg.Pool

    def __init__(self, url: str) -> None:
        """Remember where the server is; nothing is opened yet."""
        self._url = url

    @property
    def public_url(self) -> str:
        """The server's URL without its password."""
        parts = urlsplit(self._url)
        user, at, host = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + host))

    async def open(self) -> None:
        """Connect both pools, creating what is missing of the schema in between."""
        smallest, largest = _SERVICE_CONNECTIONS
        self._service = await asyncpg.create_pool(self._url, min_size=smallest, max_size=largest)
        async with self._service.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _SCHEMA_LOCK)
            await connection.execute(POSTGRES_SCHEMA)
        smallest, largest = _APPLICATION_CONNECTIONS
        self._application = await asyncpg.create_pool(
            self._url, min_size=smallest, max_size=largest, init=_become_application
        )

    async def close(self) -> None:
        """Close both pools."""
        await self._application.close()
        await self._service.close()

    async def read(self, scope: Scope, sql: str, *arguments: Value) -> list[Row]:
        """Run one query in the scope's name."""
        async with self._pool(scope).acquire() as connection, connection.transaction():
            await _act_for(connection, scope)
            return [dict(row) for row in await connection.fetch(_numbered(sql), *arguments)]

    async def write(self, scope: Scope, statements: Sequence[Statement]) -> None:
        """Commit all statements together in the scope's name."""
        try:
            async with self._pool(scope).acquire() as connection, connection.transaction():
                await _act_for(connection, scope)
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
