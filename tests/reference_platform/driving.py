"""What these tests share: a platform in a process of its own, and people who use it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from websockets.sync.connection import Connection

LIMIT_S = 10.0
FAST = ("--latency", "30:100")
SLOW = ("--latency", "300:600")
RECALL = "What did I tell you to remember?"
TERMINAL = {"agent_completed", "agent_error", "agent_cancelled", "error"}

Frame = dict[str, Any]


@dataclass
class Platform:
    """A running platform and where it is."""

    process: subprocess.Popen[str]
    http: str
    ws: str
    auth: str
    database: str

    def rows(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Read rows of a SQLite platform, as an auditor would."""
        with contextlib.closing(sqlite3.connect(self.database.removeprefix("sqlite:///"))) as db:
            return db.execute(sql, arguments).fetchall()

    def person(self, **registration: str) -> Person:
        """Register somebody new."""
        known = {"email": f"{uuid.uuid4()}@example.org", "password": "open sesame", "name": "Ann"}
        body = known | registration
        reply = httpx.post(f"{self.auth}/auth/register", json=body, timeout=LIMIT_S)
        assert reply.status_code == 201, reply.text
        return Person(self, reply.json(), body["password"])


@dataclass
class Person:
    """Somebody with an account."""

    platform: Platform
    login: dict[str, Any]
    password: str

    @property
    def id(self) -> str:
        """The user's id."""
        return self.login["user"]["id"]

    @property
    def headers(self) -> dict[str, str]:
        """What authorizes a request."""
        return {"Authorization": f"Bearer {self.login['access_token']}"}

    def http(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Ask the backend over HTTP."""
        url = f"{self.platform.http}{path}"
        return httpx.request(method, url, json=body, headers=self.headers, timeout=LIMIT_S)

    def post_auth(self, path: str, body: object = None) -> httpx.Response:
        """Ask the auth service."""
        url = f"{self.platform.auth}{path}"
        return httpx.post(url, json=body, headers=self.headers, timeout=LIMIT_S)

    @contextlib.contextmanager
    def line(self) -> Iterator[Line]:
        """An authenticated WebSocket."""
        with connect_to(self.platform.ws, additional_headers=self.headers) as socket:
            line = Line(socket)
            assert line.hear()["type"] == "connection_established"
            yield line


@dataclass
class Line:
    """One side of a WebSocket, with everything that was heard on it."""

    socket: Connection
    heard: list[Frame] = field(default_factory=list)

    def say(self, **message: object) -> None:
        """Send a message."""
        self.socket.send(json.dumps(message))

    def ask(self, content: str, thread: str | None = None, request: str | None = None) -> str:
        """Send a question; returns its request id."""
        request = request or uuid.uuid4().hex
        self.say(
            type="user_message",
            request_id=request,
            thread_id=thread,
            payload={"content": content},
        )
        return request

    def hear(self, limit_s: float = LIMIT_S) -> Frame:
        """The next frame.  Raises TimeoutError."""
        frame = json.loads(self.socket.recv(timeout=limit_s))
        self.heard.append(frame)
        return frame

    def hear_until(self, wanted: Callable[[Frame], bool], limit_s: float = LIMIT_S) -> Frame:
        """Listen until a frame is wanted, and return it."""
        end = time.monotonic() + limit_s
        while True:
            frame = self.hear(max(end - time.monotonic(), 0.001))
            if wanted(frame):
                return frame

    def answer(self, request: str) -> Frame:
        """The frame that ends a query; it may have been heard already."""

        def ends(frame: Frame) -> bool:
            return frame["request_id"] == request and frame["type"] in TERMINAL

        known = [frame for frame in self.heard if ends(frame)]
        return known[0] if known else self.hear_until(ends)

    def of(self, request: str) -> list[Frame]:
        """All frames heard of one query."""
        return [frame for frame in self.heard if frame["request_id"] == request]


def connect_to(url: str, **options: Any) -> Connection:
    """A WebSocket that hears frames of any size and number, uncompressed."""
    limits: dict[str, Any] = {"max_size": None, "max_queue": None, "open_timeout": LIMIT_S}
    return connect(url, compression=None, **limits, **options)


@contextlib.contextmanager
def platform(*options: str, env: dict[str, str] | None = None) -> Iterator[Platform]:
    """A platform with these options, ended by its own process id."""
    command = [sys.executable, "-m", "reference_platform", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | (env or {})
    )
    try:
        yield announced(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=LIMIT_S)
        finally:
            process.kill()
        assert process.stdout is not None
        process.stdout.close()


def announced(process: subprocess.Popen[str]) -> Platform:
    """Wait for a platform's line."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], LIMIT_S)
    line = process.stdout.readline() if readable else ""
    assert line, "the platform did not announce itself"
    where = json.loads(line)
    return Platform(process, where["http"], where["ws"], where["auth"], where["database"])


def eventually(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> bool:
    """Whether a condition comes true within the limit."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@contextlib.contextmanager
def faulty(
    *faults: str, latency: tuple[str, ...] = FAST, options: tuple[str, ...] = ()
) -> Iterator[Platform]:
    """A platform with these faults."""
    chosen = [word for fault in faults for word in ("--fault", fault)]
    with platform(*latency, *chosen, *options) as running:
        yield running


def heard(line: Line) -> str:
    """All that was heard on a line, as one text."""
    return json.dumps(line.heard)


def settled(running: Platform, wanted: list[str]) -> bool:
    """Whether the runs end up with these statuses."""
    return eventually(
        lambda: sorted(running.rows("SELECT status FROM runs")) == sorted((w,) for w in wanted)
    )


def drop(line: Line) -> None:
    """Lose a connection without a goodbye."""
    line.socket.close_socket()


def listen(line: Line, seconds: float) -> list[Frame]:
    """All frames of a while."""
    with contextlib.suppress(TimeoutError):
        line.hear_until(lambda _: False, seconds)
    return line.heard


def started(line: Line) -> Frame:
    """Wait until an agent thinks: its run has begun."""
    return line.hear_until(lambda frame: frame["type"] == "agent_thinking")


@contextlib.contextmanager
def two_lines(*faults: str, **how: tuple[str, ...]) -> Iterator[tuple[Platform, Line, Line]]:
    """A faulty platform and two people's lines."""
    with (
        faulty(*faults, **how) as running,
        running.person().line() as anns,
        running.person().line() as bens,
    ):
        yield running, anns, bens
