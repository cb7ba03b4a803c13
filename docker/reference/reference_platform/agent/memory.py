"""What an agent recalls: the user's memories, and what was said before in the same thread."""

from __future__ import annotations

import re

from reference_platform.agent.model import shorten
from reference_platform.nouns import Principal, RunId, ThreadId
from reference_platform.storage.belongings import Belongings
from reference_platform.storage.database import Database, scope_of

_REMEMBER = re.compile(r"\bremember:\s*(.+)", re.IGNORECASE | re.DOTALL)
_RECALL = re.compile(r"\bwhat did i tell you to remember\b", re.IGNORECASE)
_MEMORIES_QUOTED = 5
_MEMORY_CHARACTERS = 2_000
_EARLIER_CHARACTERS = 160


class Memory:
    """Per user across threads, per thread for the turns before."""

    def __init__(self, database: Database, belongings: Belongings) -> None:
        """Recall from this database."""
        self._database = database
        self._belongings = belongings

    @staticmethod
    def told(question: str) -> str | None:
        """What the question asks to be remembered."""
        told = _REMEMBER.search(question)
        return told[1].strip() if told else None

    @staticmethod
    def asked(question: str) -> bool:
        """Whether the question asks for what was remembered."""
        return _RECALL.search(question) is not None

    async def remember(self, principal: Principal, content: str) -> None:
        """Store a memory of the principal's."""
        await self._belongings.remember(principal, content)

    async def recall(self, principal: Principal) -> list[str]:
        """The principal's latest memories."""
        memories = await self._belongings.memories(principal, _MEMORIES_QUOTED)
        return [shorten(memory, _MEMORY_CHARACTERS) for memory in memories]

    async def version(self, principal: Principal) -> str:
        """Changes with anything that an answer to this principal may rest on."""
        return await self._belongings.version(principal)

    async def earlier(self, principal: Principal, thread_id: ThreadId, run_id: RunId) -> str | None:
        """The question before this one in the thread, shortened."""
        rows = await self._database.read(
            scope_of(principal),
            "SELECT content FROM messages WHERE thread_id = ? AND user_id = ? AND role = 'user' "
            "AND run_id <> ? ORDER BY created_at DESC LIMIT 1",
            thread_id,
            principal.user_id,
            run_id,
        )
        return shorten(rows[0]["content"], _EARLIER_CHARACTERS) if rows else None
