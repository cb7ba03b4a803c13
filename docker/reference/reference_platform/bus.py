"""What workers tell each other: small messages, by kind, to all of them, oneself included.

A handler runs to its end before the next message is handled, so that what one worker said in
some order is heard in that order.
"""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

import orjson

Body = dict[str, Any]
Hear = Callable[[Body], None]

READY = b'{"kind":"ready"}\n'  # what a worker tells its supervisor when it serves
_LINE_LIMIT_BYTES = 64 * 1024 * 1024


class Bus(Protocol):
    """Carries messages between the workers of one platform."""

    @property
    def alone(self) -> bool:
        """Whether there is nobody else to tell."""
        ...

    def subscribe(self, kind: str, hear: Hear) -> None:
        """Have a function called with every message of a kind."""

    async def open(self) -> None:
        """Start to hear others."""

    def publish(self, kind: str, body: Body) -> None:
        """Tell every worker: this one before the call returns, others soon, in order."""

    async def close(self) -> None:
        """Say what is still to be said, and stop."""


class Handlers:
    """The subscriptions of one worker."""

    def __init__(self) -> None:
        """No subscriptions."""
        self._by_kind: defaultdict[str, list[Hear]] = defaultdict(list)

    def subscribe(self, kind: str, hear: Hear) -> None:
        """Have a function called with every message of a kind."""
        self._by_kind[kind].append(hear)

    def hear(self, kind: str, body: Body) -> None:
        """Call everybody who wants this kind."""
        for hear in self._by_kind[kind]:
            hear(body)


class LocalBus(Handlers):
    """The bus of a platform with one worker."""

    alone = True

    async def open(self) -> None:
        """Nothing to start."""

    def publish(self, kind: str, body: Body) -> None:
        """Tell this worker."""
        self.hear(kind, body)

    async def close(self) -> None:
        """Nothing to stop."""


class PipeBus(Handlers):
    """The bus of workers with a common supervisor, which passes every line on to the others."""

    alone = False

    def __init__(self, pipe: socket.socket) -> None:
        """Speak over this end of a pair of sockets."""
        super().__init__()
        self._pipe = pipe
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start to listen."""
        reader, self._writer = await asyncio.open_connection(
            sock=self._pipe, limit=_LINE_LIMIT_BYTES
        )
        self._listener = asyncio.create_task(self._listen(reader))

    def publish(self, kind: str, body: Body) -> None:
        """Tell this worker, then the others."""
        self.hear(kind, body)
        if self._writer is not None:
            self._writer.write(orjson.dumps({"kind": kind, "body": body}) + b"\n")

    def say_ready(self) -> None:
        """Tell the supervisor that this worker serves, also where another bus is in use."""
        if self._writer is not None:
            self._writer.write(READY)
        else:
            self._pipe.sendall(READY)

    async def close(self) -> None:
        """Flush and hang up."""
        if self._listener is not None and self._writer is not None:
            self._listener.cancel()
            await self._writer.drain()
            self._writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            message = orjson.loads(line)
            self.hear(message["kind"], message["body"])
