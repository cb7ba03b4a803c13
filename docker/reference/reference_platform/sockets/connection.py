"""One accepted WebSocket: it numbers what it sends, and sends it in that order."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from reference_platform.faults import Faults
from reference_platform.nouns import ConnectionId, Principal, fresh_id
from reference_platform.sockets.wire import Event

_OUTBOX_LIMIT = 5_000  # events a slow reader may fall behind
_RESENT = 0.5  # share of stalled sends that are tried again
_SENT_KEPT = 256  # sent events kept, for a client that comes back and missed some


class Socket(Protocol):
    """Where events can be posted: a connection, here or on another worker."""

    def post(self, event: Event) -> bool:
        """Queue an event.  False when nobody will ever send it."""
        ...


@dataclass(frozen=True, slots=True)
class _Goodbye:
    """The last thing in an outbox."""

    code: int
    reason: str


class Connection:
    """An open socket of one principal, its outbox, and what it has sent lately."""

    def __init__(self, websocket: WebSocket, principal: Principal, faults: Faults) -> None:
        """Wrap an accepted socket; nothing is sent before `pump` runs."""
        self.id = ConnectionId(fresh_id())
        self.principal = principal
        self.sent: deque[tuple[int, Event]] = deque(maxlen=_SENT_KEPT)
        self._websocket = websocket
        self._faults = faults
        self._outbox: deque[Event | _Goodbye] = deque()
        self._sending: Event | None = None
        self._filled = asyncio.Event()
        self._seq = 0
        self._deaf = False  # takes no more events
        self._leaving = False  # has said goodbye

    def post(self, event: Event) -> bool:
        """Queue an event for sending.  False when the socket is closing or far behind."""
        if self._deaf or len(self._outbox) >= _OUTBOX_LIMIT:
            return False
        self._outbox.append(event)
        self._filled.set()
        return True

    def close(self, code: int, reason: str) -> None:
        """Close the socket once what was posted before is sent."""
        self._deaf = True
        if not self._leaving:
            self._leaving = True
            self._outbox.append(_Goodbye(code, reason))
            self._filled.set()

    def abandon(self) -> list[Event]:
        """Take no more events, and hand back those that were not sent."""
        self._deaf = True
        waiting = [item for item in self._outbox if isinstance(item, Event)]
        self._outbox.clear()
        return waiting if self._sending is None else [self._sending, *waiting]

    async def pump(self) -> None:
        """Send what is posted, until the socket closes.

        Fault out_of_order: two senders drain the outbox, with nothing to keep them in step.
        """
        senders = 2 if self._faults.on("out_of_order") else 1
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(senders):
                    group.create_task(self._drain())
        except* (WebSocketDisconnect, RuntimeError):
            self._deaf = True  # whoever reads the socket is told the same, and cleans up

    async def _drain(self) -> None:
        while True:
            while not self._outbox:
                self._filled.clear()
                await self._filled.wait()
            item = self._outbox.popleft()
            if isinstance(item, _Goodbye):
                await self._websocket.close(item.code, item.reason)
                return
            self._sending = item
            await self._send(item)
            self._sending = None

    async def _send(self, event: Event) -> None:
        again = False
        if self._faults.strikes("out_of_order"):
            dice = self._faults.dice("out_of_order")
            again = dice.random() < _RESENT  # the peer's confirmation is late: send once more
            await asyncio.sleep(dice.uniform(0.005, 0.06))  # the other sender overtakes
        seq = self._seq
        self._seq += 1
        frame = event.frame(seq)
        await self._websocket.send_text(frame)
        if again:
            await self._websocket.send_text(frame)
        if event.run_id is not None:
            self.sent.append((seq, event))
