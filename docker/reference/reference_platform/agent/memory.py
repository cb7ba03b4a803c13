"""What an agent recalls: the user's memories, and what was said before in the same thread."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import Protocol

from reference_platform.agent.model import shorten
from reference_platform.agent.run import Run
from reference_platform.faults import Faults
from reference_platform.nouns import Principal, ThreadId, UserId
from reference_platform.storage.belongings import Belongings
from reference_platform.storage.database import Database, Row, scope_of

_REMEMBER = re.compile(r"\bremember:\s*(.+)", re.IGNORECASE | re.DOTALL)
_RECALL = re.compile(r"\bwhat did i tell you to remember\b", re.IGNORECASE)
_MEMORIES_QUOTED = 5
_MEMORY_CHARACTERS = 2_000
_EARLIER_CHARACTERS = 160

_BEFORE = "SELECT content FROM messages WHERE user_id = ? AND role = 'user' AND run_id <> ?"
_LATEST = " ORDER BY created_at DESC LIMIT 1"


class Turns(Protocol):
    """The latest question of each thread, kept where it is found faster than in the rows."""

    async def exchange(self, thread_id: ThreadId, question: str) -> str | None:
        """The question before this one, if it is still there; this one takes its place."""
        ...


class Memory:
    """Per user across threads, per thread for the turns before."""

    def __init__(
        self,
        database: Database,
        belongings: Belongings,
        faults: Faults,
        turns: Turns | None = None,
    ) -> None:
        """Recall from this database, and before that from the turns if there are any."""
        self._database = database
        self._belongings = belongings
        self._faults = faults
        self._turns = turns
        self._conversations: dict[str, str] = {}
        self._ghosts: defaultdict[UserId, list[str]] = defaultdict(list)

    @staticmethod
    def told(question: str) -> str | None:
        """What the question asks to be remembered."""
        told = _REMEMBER.search(question)
        return told[1].strip() if told else None

    @staticmethod
    def asked(question: str) -> bool:
        """Whether the question asks for what was remembered."""
        return _RECALL.search(question) is not None

    async def remember(self, principal: Principal, run: Run, content: str) -> None:
        """Store a memory of the principal's.

        Fault ghost_store: it stays in this process.
        """
        whose = self._whose(principal, run)
        if self._faults.strikes("ghost_store"):
            self._ghosts[whose.user_id].append(content)
        else:
            await self._belongings.remember(whose, content)

    async def recall(self, principal: Principal, run: Run) -> list[str]:
        """The principal's latest memories, newest first."""
        whose = self._whose(principal, run)
        if self._faults.on("ghost_store"):
            memories = self._ghosts[whose.user_id][: -_MEMORIES_QUOTED - 1 : -1]
        else:
            memories = await self._belongings.memories(whose, _MEMORIES_QUOTED)
        return [shorten(memory, _MEMORY_CHARACTERS) for memory in memories]

    async def version(self, principal: Principal) -> str:
        """Changes with anything that an answer to this principal may rest on."""
        return await self._belongings.version(principal)

    async def earlier(self, principal: Principal, run: Run) -> str | None:
        """The question before this one in the thread, shortened.

        Fault default_conversation: without a thread it is looked for under `default`.
        Fault cross_conversation: it is looked for in all threads of the user.
        """
        if self._faults.strikes("cross_conversation"):
            return _quoted(
                await self._database.read(
                    scope_of(principal), _BEFORE + _LATEST, principal.user_id, run.id
                )
            )
        if run.opens_thread and self._faults.strikes("default_conversation"):
            before = self._conversations.get("default")
            self._conversations["default"] = run.question
            return shorten(before, _EARLIER_CHARACTERS) if before is not None else None
        if self._turns is not None:
            turn = await self._turns.exchange(run.thread_id, run.question)
            if turn is not None:
                return shorten(turn, _EARLIER_CHARACTERS)
        if run.opens_thread:
            return None
        return _quoted(
            await self._database.read(
                scope_of(principal),
                _BEFORE + " AND thread_id = ?" + _LATEST,
                principal.user_id,
                run.id,
                run.thread_id,
            )
        )

    def _whose(self, principal: Principal, run: Run) -> Principal:
        """Whose memories a run is about: its asker's.

        Fault none_user_namespace: the path of follow-ups has lost its user.
        """
        if not run.opens_thread and self._faults.strikes("none_user_namespace"):
            return replace(principal, user_id=UserId(str(None)))
        return principal


def _quoted(rows: list[Row]) -> str | None:
    return shorten(rows[0]["content"], _EARLIER_CHARACTERS) if rows else None
