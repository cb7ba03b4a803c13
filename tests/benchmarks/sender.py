"""A platform that costs next to nothing: it speaks just enough to be driven at full speed.

Started as a program of its own; prints its port, then does what its standard input says:
`frames COUNT burst` and `frames COUNT single` send COUNT messages to every session, in
writes of twenty or one at a time; `end` ends it.  It answers every question by itself
when it was started with `answer`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
import uuid

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BURST = 20
SINGLES_S = 0.004
"""Pause between two rounds of single messages over ten sessions: the reader keeps up."""
ANSWER_S = 0.5


def framed(content: bytes) -> bytes:
    """An unmasked text frame."""
    if len(content) < 126:
        return bytes((0x81, len(content))) + content
    return b"\x81\x7e" + len(content).to_bytes(2, "big") + content


def events(user: str, query: str, words: str) -> list[bytes]:
    """What an agent says of one question, as the reference platform does."""
    names = {
        "user_id": user,
        "thread_id": str(uuid.uuid4()),
        "run_id": str(uuid.uuid4()),
        "request_id": query,
    }
    said = [
        ("agent_started", {"agent": "assistant"}),
        ("agent_thinking", {"content": f"I am asked: {words}"}),
        ("tool_executing", {"tool": "order_lookup", "arguments": {"query": words}}),
        ("tool_completed", {"tool": "order_lookup", "result": {"orders": []}}),
        *(("agent_delta", {"delta": words[at : at + 60]}) for at in range(0, len(words), 60)),
        ("agent_completed", {"content": f"You asked: {words}", "status": "ok"}),
    ]
    return [
        json.dumps(
            {"type": kind, **names, "seq": seq, "timestamp": 1795373038.55, "payload": payload},
            separators=(",", ":"),
        ).encode()
        for seq, (kind, payload) in enumerate(said, 1)
    ]


class Line:
    """One session."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.user = str(uuid.uuid4())
        self.frames: list[bytes] = []

    async def upgrade(self) -> None:
        """Answer the upgrade and say that the session may be used."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"sec-websocket-key":
                key = value.strip()
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        self.writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        established = {"type": "connection_established", "user_id": self.user, "payload": {}}
        self.writer.write(framed(json.dumps(established).encode()))

    async def hear(self) -> bytes | None:
        """The next text message; None for the end."""
        while True:
            head = await self.reader.readexactly(2)
            length = head[1] & 127
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
            mask = await self.reader.readexactly(4)
            masked = await self.reader.readexactly(length)
            if head[0] & 15 == 8:
                self.writer.write(b"\x88\x02\x03\xe8")
                return None
            if head[0] & 15 == 1:
                repeated = (mask * (length // 4 + 1))[:length]
                plain = int.from_bytes(masked, "big") ^ int.from_bytes(repeated, "big")
                return plain.to_bytes(length, "big")


class Platform:
    """All sessions."""

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers
        self.lines: list[Line] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session, to its end."""
        line = Line(reader, writer)
        try:
            await line.upgrade()
            while (content := await line.hear()) is not None:
                asked = json.loads(content)
                if asked.get("type") != "user_message":
                    continue
                words = asked["payload"]["content"]
                said = events(line.user, asked["request_id"], words)
                if self.answers:
                    task = asyncio.create_task(self.answer(line, said))
                    task.add_done_callback(lambda _: None)
                else:
                    line.frames = [framed(each) for each in said[1:-1]]
                    self.lines.append(line)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, line: Line, said: list[bytes]) -> None:
        """Say something now and then, until all is said."""
        for each in said:
            await asyncio.sleep(ANSWER_S / len(said))
            if line.writer.is_closing():
                return
            line.writer.write(framed(each))

    async def frames(self, count: int, kind: str) -> None:
        """Send this many messages to every session."""
        lines = self.lines
        at_once = BURST if kind == "burst" else 1
        pause = 0.0 if kind == "burst" else SINGLES_S * max(1.0, len(lines) / 40)
        for start in range(0, count, at_once):
            for line in lines:
                number = len(line.frames)
                line.writer.writelines(
                    [line.frames[at % number] for at in range(start, start + at_once)]
                )
            for line in lines:
                await line.writer.drain()
            await asyncio.sleep(pause)


async def main(*, answers: bool) -> None:
    """Listen, say where, and do as told."""
    platform = Platform(answers=answers)
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0, backlog=2048)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while line := (await asyncio.to_thread(sys.stdin.readline)).split():
        if line[0] == "frames":
            await platform.frames(int(line[1]), line[2])
        elif line[0] == "forget":
            platform.lines.clear()


if __name__ == "__main__":
    asyncio.run(main(answers="answer" in sys.argv[1:]))
