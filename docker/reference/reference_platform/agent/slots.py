"""The turns before, in numbered slots that survive a worker's end.

Only the fault restart_mixup uses it: honest agents look into the rows.
"""

from __future__ import annotations

from reference_platform.faults import Faults
from reference_platform.nouns import ThreadId
from reference_platform.storage.database import SERVICE, Database, Statement

_KEEP = (
    "INSERT INTO worker_slots (worker, slot, content) VALUES (?, ?, ?) "
    "ON CONFLICT (worker, slot) DO UPDATE SET content = excluded.content"
)


class Slots:
    """Gives each thread the next slot, and keeps the slots' contents in the database.

    Which thread has which slot is known to this process alone.
    """

    def __init__(self, database: Database, worker: int, faults: Faults) -> None:
        """The slots of one worker."""
        self._database = database
        self._worker = worker
        self._faults = faults
        self._slots: dict[ThreadId, int] = {}
        self._contents: dict[int, str] = {}

    async def restore(self) -> None:
        """Take up the slots of the worker that had this number before."""
        if self._faults.strikes("restart_mixup"):
            rows = await self._database.read(
                SERVICE, "SELECT slot, content FROM worker_slots WHERE worker = ?", self._worker
            )
            self._contents = {row["slot"]: row["content"] for row in rows}

    async def exchange(self, thread_id: ThreadId, question: str) -> str | None:
        """The question before this one, if it is still there; this one takes its place."""
        slot = self._slots.setdefault(thread_id, len(self._slots))
        before = self._contents.get(slot)
        self._contents[slot] = question
        await self._database.write(SERVICE, [Statement(_KEEP, (self._worker, slot, question))])
        return before
