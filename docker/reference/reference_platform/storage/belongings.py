"""What users put into the platform beside conversations: memories, orders, documents."""

from __future__ import annotations

import time
from collections.abc import Sequence

from reference_platform.faults import Faults
from reference_platform.nouns import Principal, fresh_id
from reference_platform.storage.database import SERVICE, Database, Row, Statement, scope_of

_OWNED_TABLES = (
    "tool_calls",
    "messages",
    "runs",
    "threads",
    "memories",
    "orders",
    "documents",
    "notifications",
    "refresh_tokens",
    "oauth_codes",
    "audit",
)


class Belongings:
    """A user's memories and orders, a tenant's documents."""

    def __init__(self, database: Database, faults: Faults) -> None:
        """Work on this database."""
        self._database = database
        self._faults = faults

    async def remember(self, principal: Principal, content: str) -> None:
        """Add to the principal's memories."""
        statement = Statement(
            "INSERT INTO memories (id, user_id, content, created_at) VALUES (?, ?, ?, ?)",
            (fresh_id(), principal.user_id, content, time.time()),
        )
        await self._database.write(scope_of(principal), [statement])

    async def memories(self, principal: Principal, limit: int) -> list[str]:
        """The principal's latest memories, newest first."""
        rows = await self._database.read(
            scope_of(principal),
            "SELECT content FROM memories WHERE user_id = ? ORDER BY created_at DESC LIMIT ?",
            principal.user_id,
            limit,
        )
        return [row["content"] for row in rows]

    async def version(self, principal: Principal) -> str:
        """A word that changes whenever something an answer may rest on changes."""
        rows = await self._database.read(
            scope_of(principal),
            "SELECT (SELECT MAX(created_at) FROM memories WHERE user_id = ?) AS memories, "
            "(SELECT MAX(created_at) FROM orders WHERE user_id = ?) AS orders, "
            "(SELECT MAX(created_at) FROM documents WHERE tenant = ?) AS documents",
            principal.user_id,
            principal.user_id,
            principal.tenant,
        )
        return repr(tuple(rows[0].values()))

    async def put_orders(self, principal: Principal, items: Sequence[tuple[str, str]]) -> None:
        """Replace the principal's orders by these (code, description)."""
        now = time.time()
        insert = (
            "INSERT INTO orders (id, user_id, code, description, created_at) VALUES (?, ?, ?, ?, ?)"
        )
        await self._database.write(
            scope_of(principal),
            [
                Statement("DELETE FROM orders WHERE user_id = ?", (principal.user_id,)),
                *(
                    Statement(insert, (fresh_id(), principal.user_id, code, description, now))
                    for code, description in items
                ),
            ],
        )

    async def orders(self, principal: Principal) -> list[Row]:
        """The principal's orders."""
        return await self._database.read(
            scope_of(principal),
            "SELECT code, description, created_at FROM orders WHERE user_id = ? "
            "ORDER BY created_at DESC, code LIMIT 500",
            principal.user_id,
        )

    async def put_documents(self, principal: Principal, items: Sequence[tuple[str, str]]) -> None:
        """Replace the principal's documents by these (title, content); the tenant shares them."""
        now = time.time()
        insert = (
            "INSERT INTO documents (id, tenant, user_id, title, content, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)"
        )
        owner = (principal.tenant, principal.user_id)
        await self._database.write(
            scope_of(principal),
            [
                Statement("DELETE FROM documents WHERE tenant = ? AND user_id = ?", owner),
                *(
                    Statement(insert, (fresh_id(), *owner, title, content, now))
                    for title, content in items
                ),
            ],
        )

    async def documents(self, principal: Principal) -> list[Row]:
        """The documents of the principal's tenant."""
        return await self._database.read(
            scope_of(principal),
            "SELECT user_id, title, content, created_at FROM documents WHERE tenant = ? "
            "ORDER BY created_at DESC, title LIMIT 500",
            principal.tenant,
        )

    async def searchable(self, principal: Principal) -> list[Row]:
        """The documents that a search on the principal's behalf looks through.

        Fault unscoped_search: the index holds everybody's, and is not told whose are wanted.
        """
        if not self._faults.strikes("unscoped_search"):
            return await self.documents(principal)
        return await self._database.read(
            SERVICE, "SELECT title, content FROM documents ORDER BY created_at DESC LIMIT 2000"
        )

    async def delete_user(self, principal: Principal) -> None:
        """Delete the account and everything that it owns."""
        mine = (principal.user_id,)
        await self._database.write(
            SERVICE,
            [
                *(
                    Statement(f"DELETE FROM {table} WHERE user_id = ?", mine)
                    for table in _OWNED_TABLES
                ),
                Statement("DELETE FROM users WHERE id = ?", mine),
            ],
        )
