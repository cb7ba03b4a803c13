"""What the platform asks of a database: whole transactions, each in somebody's name.

SQL is written once, with ``?`` for arguments, in the part of the language that SQLite and
PostgreSQL share.  Times are epoch seconds, identifiers text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reference_platform.nouns import Principal, TenantId, UserId

Value = str | int | float | None
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """In whose name a transaction runs.  PostgreSQL's row-level security holds it to that.

    A scope without a user is the service's own: row-level security does not bind it.
    """

    user_id: UserId | None
    tenant: TenantId | None


SERVICE = Scope(user_id=None, tenant=None)


def scope_of(principal: Principal) -> Scope:
    """The scope of everything done on behalf of this principal."""
    return Scope(user_id=principal.user_id, tenant=principal.tenant)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement and, where it matters, how many rows it must touch."""

    sql: str
    arguments: tuple[Value, ...] = ()
    touches: int | None = None


class ConflictError(Exception):
    """A transaction that was rolled back: a duplicate key, or not the rows it counted on."""


class Database(Protocol):
    """Transactions as lists of statements: all of a list takes effect, or none of it."""

    @property
    def public_url(self) -> str:
        """Where an auditor finds the rows; without a password."""
        ...

    async def open(self) -> None:
        """Connect, and create what is missing of the schema."""

    async def close(self) -> None:
        """Finish what was handed over, then disconnect."""

    async def read(self, scope: Scope, sql: str, *arguments: Value) -> list[Row]:
        """Run one query and fetch all its rows."""
        ...

    async def write(self, scope: Scope, statements: Sequence[Statement]) -> None:
        """Commit all statements together.  Raises ConflictError, having changed nothing."""
