"""A queue through which completions are announced later.

Only the fault lost_terminal uses it: an honest completion is delivered by the run itself.
"""

from __future__ import annotations

import asyncio
import logging

from reference_platform.agent.run import Run
from reference_platform.faults import Faults
from reference_platform.sockets.routing import Router
from reference_platform.sockets.wire import Event

_LOG = logging.getLogger(__name__)
_CAPACITY = 100


class NotificationQueue:
    """Delivers events in the background, and drops what does not fit."""

    def __init__(self, router: Router, faults: Faults) -> None:
        """Deliver by way of this router; the sender starts with the first event."""
        self._router = router
        self._faults = faults
        self._queue: asyncio.Queue[tuple[Run, Event]] = asyncio.Queue(_CAPACITY)
        self._sender: asyncio.Task[None] | None = None

    def put(self, run: Run, event: Event) -> None:
        """Queue an event, unless other notifications have filled the queue."""
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_all())
        crowded = self._faults.strikes("lost_terminal")
        if crowded or self._queue.full():
            _LOG.debug("notification queue is full")
            return
        self._queue.put_nowait((run, event))

    async def _send_all(self) -> None:
        while True:
            run, event = await self._queue.get()
            self._router.send(run, event)
