"""Threads and their messages, as their owner reads them."""

from __future__ import annotations

import time

from reference_platform.faults import Faults
from reference_platform.nouns import NotFoundError, Principal, ThreadId, UserId, fresh_id
from reference_platform.storage.database import (
    SERVICE,
    Database,
    Row,
    Scope,
    Statement,
    scope_of,
)

_THREAD = "SELECT id, user_id, title, created_at FROM threads WHERE id = ?"
_MESSAGES = (
    "SELECT id, thread_id, user_id, role, content, run_id, request_id, created_at "
    "FROM messages WHERE thread_id = ?"
)
_IN_ORDER = " ORDER BY created_at, id"


class Conversations:
    """Reads and keeps threads.  Somebody else's thread and a missing one look the same."""

    def __init__(self, database: Database, faults: Faults) -> None:
        """Work on this database."""
        self._database = database
        self._faults = faults

    async def create(self, principal: Principal, title: str) -> Row:
        """Make an empty thread."""
        thread_id, now = ThreadId(fresh_id()), time.time()
        insert = insert_thread(thread_id, principal.user_id, title, now)
        await self._database.write(scope_of(principal), [insert])
        return {"id": thread_id, "user_id": principal.user_id, "title": title, "created_at": now}

    async def all_of(self, principal: Principal) -> list[Row]:
        """The principal's threads, newest first."""
        return await self._database.read(
            scope_of(principal),
            "SELECT id, user_id, title, created_at FROM threads WHERE user_id = ? "
            "ORDER BY created_at DESC, id LIMIT 500",
            principal.user_id,
        )

    async def thread(self, principal: Principal, thread_id: ThreadId) -> Row:
        """One thread.  Raises NotFoundError."""
        rows = await self._read(*self._who_may_read(principal), _THREAD, thread_id)
        if not rows:
            raise NotFoundError("thread")
        return rows[0]

    async def messages(self, principal: Principal, thread_id: ThreadId) -> list[Row]:
        """A thread's messages, oldest first.  Raises NotFoundError."""
        who = self._who_may_read(principal)
        rows = await self._read(*who, _MESSAGES, thread_id, _IN_ORDER)
        if not rows and not await self._read(*who, _THREAD, thread_id):
            raise NotFoundError("thread")
        return rows

    async def delete(self, principal: Principal, thread_id: ThreadId) -> None:
        """Delete a thread and what belongs to it.  Raises ConflictError when it is not theirs."""
        mine = (thread_id, principal.user_id)
        runs = "SELECT id FROM runs WHERE thread_id = ? AND user_id = ?"
        await self._database.write(
            scope_of(principal),
            [
                Statement(f"DELETE FROM notifications WHERE run_id IN ({runs})", mine),
                Statement(f"DELETE FROM tool_calls WHERE run_id IN ({runs})", mine),
                Statement("DELETE FROM runs WHERE thread_id = ? AND user_id = ?", mine),
                Statement("DELETE FROM messages WHERE thread_id = ? AND user_id = ?", mine),
                Statement("DELETE FROM threads WHERE id = ? AND user_id = ?", mine, touches=1),
            ],
        )

    def _who_may_read(self, principal: Principal) -> tuple[Scope, Principal | None]:
        """In whose name a thread is read, and whose it must be.

        Fault missing_owner_check: the handler trusts the id and reads as the service.
        """
        if self._faults.strikes("missing_owner_check"):
            return SERVICE, None
        return scope_of(principal), principal

    async def _read(
        self, scope: Scope, owner: Principal | None, sql: str, thread_id: ThreadId, tail: str = ""
    ) -> list[Row]:
        if owner is None:
            return await self._database.read(scope, sql + tail, thread_id)
        sql += " AND user_id = ?" + tail
        return await self._database.read(scope, sql, thread_id, owner.user_id)


def insert_thread(thread_id: ThreadId, user_id: UserId, title: str, created_at: float) -> Statement:
    """The statement that makes a thread."""
    return Statement(
        "INSERT INTO threads (id, user_id, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        (thread_id, user_id, title, created_at, created_at),
    )
