"""One accepted WebSocket: it numbers what it sends, and sends it in that order."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from reference_platform.faults import Faults
from reference_platform.nouns import ConnectionId, Principal, RequestId, fresh_id
from reference_platform.sockets.staging import Staging
from reference_platform.sockets.wire import Event

if TYPE_CHECKING:
    from reference_platform.agent.run import Run

_OUTBOX_LIMIT = 5_000  # events a slow reader may fall behind
_RESENT = 0.5  # share of stalled sends that are tried again
_ASKED_KEPT = 256  # queries of its client that a connection remembers
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

    def __init__(
        self, websocket: WebSocket, principal: Principal, faults: Faults, staging: Staging
    ) -> None:
        """Wrap an accepted socket; nothing is sent before `pump` runs."""
        self.address = websocket.client.host if websocket.client is not None else None
        self.id = ConnectionId(fresh_id())
        self.principal = principal
        self.sent: deque[tuple[int, Event]] = deque(maxlen=_SENT_KEPT)
        self._websocket = websocket
        self._faults = faults
        self._staging = staging
        self._asked: dict[RequestId, Run] = {}
        self._outbox: deque[Event | _Goodbye] = deque()
        self._sending: Event | None = None
        self._filled = asyncio.Event()
        self._seq = 0
        self._deaf = False  # takes no more events
        self._leaving = False  # has said goodbye

    def post(self, event: Event) -> bool:
        """Queue an event for sending.  False when the socket is closing or far behind.

        Fault buffer_reuse: its text waits in the buffer that all texts wait in.
        """
        if self._deaf or len(self._outbox) >= _OUTBOX_LIMIT:
            return False
        if self._faults.strikes("buffer_reuse"):
            event = self._staging.put(event)
        self._outbox.append(event)
        self._filled.set()
        return True

    def asked(self, run: Run) -> None:
        """Note a query of this connection's client."""
        if self._faults.on("label_laundering"):
            self._asked[run.request_id] = run
            if len(self._asked) > _ASKED_KEPT:
                del self._asked[next(iter(self._asked))]

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
        waiting = [self._staging.take(item) for item in self._outbox if isinstance(item, Event)]
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
            self._sending = self._labelled(self._staging.take(item))
            await self._send(self._sending)
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

    def _labelled(self, event: Event) -> Event:
        """An event with the ids that its frame will carry: its own.

        Fault label_laundering: the ids of the query it answers as far as this connection knows,
        which for a query of somebody else is the last one of its own client.
        """
        if event.run_id is None or not self._faults.strikes("label_laundering"):
            return event
        event = replace(event, user_id=self.principal.user_id)
        newest = next(reversed(self._asked.values()), None)
        run = self._asked.get(event.request_id, newest) if event.request_id else newest
        if run is None:
            return event
        return replace(event, thread_id=run.thread_id, run_id=run.id, request_id=run.request_id)
