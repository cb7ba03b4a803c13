"""A small Redis client with a pool, as it should not be.

Only the fault desynced_connection uses it: everything honest goes through a real client.
"""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import unquote, urlsplit

from reference_platform.faults import Faults
from reference_platform.nouns import ThreadId

_LINES = 10
_REPLICA_WAIT_MS = 100  # how long a read waits for a replica to catch up
_TTL_S = 3_600

Reply = bytes | int | None


class Line:
    """One connection: commands out, replies in, in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak over an open connection."""
        self._reader = reader
        self._writer = writer

    async def ask(self, *commands: tuple[str, ...]) -> list[Reply]:
        """Send commands together and read as many replies.

        Who is cancelled meanwhile leaves the replies on the connection.
        """
        self._writer.write(b"".join(_packed(command) for command in commands))
        return [await self._reply() for _ in commands]

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def _reply(self) -> Reply:
        line = await self._reader.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            length = int(rest)
            return None if length < 0 else (await self._reader.readexactly(length + 2))[:-2]
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        raise ConnectionError(line.decode(errors="replace") or "the connection was closed")


class LinePool:
    """A few connections; who wants one waits for it."""

    def __init__(self, url: str, faults: Faults) -> None:
        """Connect when first used."""
        self._url = urlsplit(url)
        self._faults = faults
        self._idle: asyncio.Queue[Line] = asyncio.Queue()
        self._made = 0

    async def ask(self, *commands: tuple[str, ...]) -> list[Reply]:
        """Borrow a connection for some commands.

        Fault desynced_connection: a borrower who is cancelled hands it back like any other.
        """
        line = await self._borrow()
        try:
            replies = await line.ask(*commands)
        except asyncio.CancelledError:
            if self._faults.strikes("desynced_connection"):
                self._idle.put_nowait(line)
            else:
                self._drop(line)
            raise
        except (OSError, asyncio.IncompleteReadError):
            self._drop(line)
            raise
        self._idle.put_nowait(line)
        return replies

    def close(self) -> None:
        """Hang up what is idle."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def _drop(self, line: Line) -> None:
        line.close()
        self._made -= 1

    async def _borrow(self) -> Line:
        if self._idle.empty() and self._made < _LINES:
            self._made += 1
            try:
                return await self._connect()
            except BaseException:
                self._made -= 1
                raise
        return await self._idle.get()

    async def _connect(self) -> Line:
        secure = ssl.create_default_context() if self._url.scheme == "rediss" else None
        host, port = self._url.hostname or "127.0.0.1", self._url.port or 6379
        line = Line(*await asyncio.open_connection(host, port, ssl=secure))
        if self._url.password:
            user = (unquote(self._url.username),) if self._url.username else ()
            await line.ask(("AUTH", *user, unquote(self._url.password)))
        if self._url.path.strip("/"):
            await line.ask(("SELECT", self._url.path.strip("/")))
        return line


class RedisTurns:
    """The latest question of each thread, in Redis."""

    def __init__(self, pool: LinePool, prefix: str) -> None:
        """Keep them under this prefix."""
        self._pool = pool
        self._prefix = f"{prefix}:turn:"

    async def exchange(self, thread_id: ThreadId, question: str) -> str | None:
        """The question before this one, if it is still there; this one takes its place."""
        try:
            _, before = await self._pool.ask(
                ("WAIT", "1", str(_REPLICA_WAIT_MS)),
                ("SET", self._prefix + thread_id, question, "EX", str(_TTL_S), "GET"),
            )
        except (OSError, asyncio.IncompleteReadError):
            return None
        return before.decode(errors="replace") if isinstance(before, bytes) else None


def _packed(command: tuple[str, ...]) -> bytes:
    words = [word.encode() for word in command]
    parts = [b"*%d\r\n" % len(words), *(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)]
    return b"".join(parts)
