"""The agent keeps notes in a service behind it, where it logs in as its user, over httpx.

An httpx client has a cookie jar: what one response sets, every later request carries.
bad: one client for all, as is recommended for its pool of connections; a login in between
makes the others' requests that user's · fixed: a client for each user.
"""

import asyncio
import functools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
from wire import Lab, Turn

LAB = Lab("bad", "fixed")
WRITING_SECONDS = 0.02


class Notes(BaseHTTPRequestHandler):
    """The service: whoever a session's cookie says, may read and write that user's notes."""

    protocol_version = "HTTP/1.1"
    kept: ClassVar[dict[str, str]] = {}

    def do_POST(self) -> None:
        """Log a user in, or keep a note."""
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/login":
            self._reply("", ("Set-Cookie", f"session={said}; Path=/"))
            return
        self.kept[self._user()] = said
        self._reply("")

    def do_GET(self) -> None:
        """Give a note back."""
        self._reply(self.kept.get(self._user(), "nothing"))

    def _user(self) -> str:
        return self.headers.get("Cookie", "").rpartition("session=")[2]

    def _reply(self, text: str, *headers: tuple[str, str]) -> None:
        self.send_response(200)
        for name, value in (*headers, ("Content-Length", str(len(text.encode())))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


notes = ThreadingHTTPServer(("127.0.0.1", 0), Notes)
notes.daemon_threads = True
threading.Thread(target=notes.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{notes.server_port}"


@functools.cache
def client_for(_user: str | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, verify=False)  # there is no TLS to verify


async def answer(turn: Turn) -> str:
    client = client_for(None if LAB.mode == "bad" else turn.user)
    await client.post("/login", content=turn.user)
    await asyncio.sleep(WRITING_SECONDS)
    if not turn.asks_back:
        await client.post("/notes", content=turn.text)
    return f"As to {turn.text} Your note is: {(await client.get('/notes')).text}"


asyncio.run(LAB.serve(answer))
