"""A queue of transactions that are written later than they are acknowledged.

Only the fault lost_row uses it: an honest answer is committed before it is announced.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from reference_platform.faults import Faults
from reference_platform.storage.database import ConflictError, Database, Scope, Statement

_LOG = logging.getLogger(__name__)
_CAPACITY = 1000


class WriteBehind:
    """Takes transactions at once and flushes them in the background, as well as it can."""

    def __init__(self, database: Database, faults: Faults) -> None:
        """Write to this database; the flusher starts with the first transaction."""
        self._database = database
        self._faults = faults
        self._queue: asyncio.Queue[tuple[Scope, Sequence[Statement]]] = asyncio.Queue(_CAPACITY)
        self._flusher: asyncio.Task[None] | None = None

    def put(self, scope: Scope, statements: Sequence[Statement]) -> None:
        """Queue a transaction; a full queue drops it."""
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush_all())
        try:
            self._queue.put_nowait((scope, statements))
        except asyncio.QueueFull:
            _LOG.debug("write-behind queue is full")

    async def close(self) -> None:
        """Wait until the queue is empty, and stop."""
        if self._flusher is not None:
            await self._queue.join()
            self._flusher.cancel()

    async def _flush_all(self) -> None:
        while True:
            scope, statements = await self._queue.get()
            try:
                await self._flush(scope, statements)
            except (OSError, ConflictError) as error:
                _LOG.debug("write-behind flush failed: %s", error)
            finally:
                self._queue.task_done()

    async def _flush(self, scope: Scope, statements: Sequence[Statement]) -> None:
        if self._faults.strikes("lost_row"):
            raise ConnectionResetError("connection reset while flushing")
        await self._database.write(scope, statements)
