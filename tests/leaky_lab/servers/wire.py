"""What the lab's Python servers share: the simple wire, tokens, stored messages, a confession.

A server of the lab is what a small team would write, and one file.  What is wrong with it, or
right, stands there and never here: this file knows no defect.  Whoever started it ends it by
closing its standard input; in any case it ends after three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import jwt
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

LIFE_SECONDS = 180.0
THINKING_SECONDS = 0.015
REFERENCE = re.compile(r"\b\w{20,}\b")
"""Words so long are nobody's by chance: whoever says one first, it is theirs."""


@dataclass
class Turn:
    """One question of one user, while it is answered."""

    user: str
    thread: str
    request: str
    text: str
    send: Callable[[str], Awaitable[None]]
    lab: Lab
    run: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def asks_back(self) -> bool:
        """Whether the user asks what it told before."""
        return self.text.startswith("What did I tell you")

    @property
    def tells(self) -> bool:
        """Whether the user tells something to be remembered."""
        return self.text.startswith("Remember")

    async def tell(self, kind: str, content: str) -> None:
        """Send an event of this turn to its user."""
        self.lab.confess(self.user, content)
        ids = {"user_id": self.user, "thread_id": self.thread, "request_id": self.request}
        event = {"type": kind, **ids, "run_id": self.run, "timestamp": time.time()}
        await self.send(json.dumps(event | {"payload": {"content": content}}))


class Lab:
    """How a server was started, and what is true of it whatever it says."""

    def __init__(self, *modes: str) -> None:
        parser = argparse.ArgumentParser()
        parser.add_argument("folder", type=Path)
        parser.add_argument("mode", choices=modes)
        given = parser.parse_args()
        self.mode: str = given.mode
        self.folder: Path = given.folder
        self.stores = True
        self._secret = os.environ["LAB_SECRET"]
        self._said: dict[str, str] = {}
        self._rows = sqlite3.connect(self.folder / "rows.db", isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("PRAGMA synchronous = OFF")  # these rows need survive no power cut
        self._rows.execute(
            "CREATE TABLE messages (id TEXT PRIMARY KEY, user_id TEXT, thread_id TEXT, "
            "request_id TEXT, role TEXT, content TEXT, created_at REAL)"
        )
        threading.Thread(target=_end_with_input, daemon=True).start()
        end = threading.Timer(LIFE_SECONDS, os._exit, (3,))
        end.daemon = True
        end.start()

    def user_of(self, authorization: str) -> str | None:
        """Whom a header's token speaks for; None where it does not hold."""
        try:
            token = authorization.removeprefix("Bearer ")
            return str(jwt.decode(token, self._secret, algorithms=["HS256"])["sub"])
        except jwt.InvalidTokenError:
            return None

    def confess(self, recipient: str, content: str, where: str = "leaks") -> None:
        """Write down whose words these are, where they are not the recipient's."""
        for word in REFERENCE.findall(content):
            victim = self._said.get(word.upper(), recipient)
            if victim != recipient:
                self.note(where, victim=victim, recipient=recipient, text=word)

    def confess_row(self, turn: Turn, owner: str, content: str) -> None:
        """Write down whose turn and whose words a row is about, where it is not theirs."""
        self.confess(owner, content, "rows")
        if turn.user != owner:
            self.note("rows", victim=turn.user, recipient=owner, text=content)

    def note(self, name: str, **values: str) -> None:
        """Write something down for the test that will look at it."""
        with (self.folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def store(self, turn: Turn, role: str, content: str) -> None:
        """Store a message, under the name of whose turn it is."""
        self.confess_row(turn, turn.user, content)
        row = (turn.user, turn.thread, turn.request, role, content, time.time())
        self._rows.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)", (str(uuid.uuid4()), *row)
        )

    def take(self, user: str, raw: str | bytes, send: Callable[[str], Awaitable[None]]) -> Turn:
        """A question as it came in."""
        message = json.loads(raw)
        text = message["payload"]["content"]
        for word in REFERENCE.findall(text):
            self._said.setdefault(word.upper(), user)
        thread = message.get("thread_id") or str(uuid.uuid4())
        return Turn(user, thread, message["request_id"], text, send, self)

    async def answer(self, turn: Turn, work: Callable[[Turn], Awaitable[str]]) -> None:
        """Lead a turn through its five events; `work` says the answer."""
        try:
            await turn.tell("agent_started", "")
            await asyncio.sleep(THINKING_SECONDS)
            if self.stores:
                self.store(turn, "user", turn.text)
            await turn.tell("agent_thinking", f"about {turn.text}")
            await turn.tell("tool_executing", "memory")
            said = await work(turn)
            await turn.tell("tool_completed", "done")
            if self.stores:
                self.store(turn, "assistant", said)
            await turn.tell("agent_completed", said)
        except Exception as error:  # noqa: BLE001 - its user is told, whatever it was
            self.note("errors", error=f"{type(error).__name__}: {error}")
            await turn.tell("agent_error", f"{type(error).__name__}")

    async def serve(self, work: Callable[[Turn], Awaitable[str]]) -> None:
        """Serve until the process ends; who leaves takes its unfinished turns with it."""

        def admit(connection, request):
            connection.user = self.user_of(request.headers.get("Authorization", ""))
            if connection.user is None:
                return connection.respond(HTTPStatus.UNAUTHORIZED, "who are you?\n")
            return None

        async def handle(connection):
            turns = set()
            try:
                async for raw in connection:
                    turn = self.take(connection.user, raw, connection.send)
                    turns.add(asyncio.create_task(self.answer(turn, work)))
            except ConnectionClosed:
                pass
            finally:
                for task in turns:
                    task.cancel()
                await asyncio.gather(*turns, return_exceptions=True)

        async with serve(handle, "127.0.0.1", 0, process_request=admit) as server:
            ready(next(iter(server.sockets)).getsockname()[1])
            await asyncio.Event().wait()


def ready(port: int) -> None:
    """Say where this server listens."""
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
