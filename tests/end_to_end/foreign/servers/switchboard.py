"""A gateway on aiohttp before an agent of its own on `websockets`: lines to it are kept and lent.

`left_over`: a line is given back as it is when its client has gone in mid-answer; what the agent
still says on it goes to whoever borrows it next, under that one's ids.
"""

import asyncio
import contextlib
import itertools
import json
import os

import jwt
from aiohttp import ClientSession, web
from hosting import options
from on_aiohttp import hear
from on_aiohttp import serve as serve_app
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

OPTIONS = options("left_over")
SECRET = os.environ["SWITCHBOARD_SECRET"]
numbers = itertools.count()
asked: dict[int, tuple] = {}
"""Who asked what, by our number of the question; for the confession alone."""


async def agent(line):
    """It trusts the gateway, and answers in the order in which it is asked."""
    try:
        async for raw in line:
            question = json.loads(raw)
            about, text = {"id": question["id"]}, question["text"]
            await line.send(json.dumps({"k": "begin", **about}))
            await asyncio.sleep(0.08)
            for piece in (text[: len(text) // 2], text[len(text) // 2 :]):
                await line.send(json.dumps({"k": "piece", "t": piece, **about}))
                await asyncio.sleep(0.06)
            await line.send(json.dumps({"k": "end", "all": f"Echo: {text}", **about}))
    except ConnectionClosed:
        pass


class Lines:
    """Lines to the agent; one is lent to one question at a time."""

    def __init__(self, http, url):
        self.http, self.url, self.free = http, url, []

    async def lend(self):
        """A line that is free, or a new one."""
        while self.free:
            line = self.free.pop()
            if not line.closed:
                return line
        return await self.http.ws_connect(self.url)

    async def take_back(self, line, *, clean):
        """Keep a line on which nothing more will come."""
        if clean or OPTIONS.bug == "left_over":
            self.free.append(line)
        else:
            await asyncio.shield(line.close())


async def ask(lines, socket, user, question):
    number = next(numbers)
    asked[number] = (user, question["text"])
    about = {"id": question["id"], "chat": question.get("chat") or f"{user}-{number}"}
    line, clean = await lines.lend(), False
    try:
        await line.send_json({"id": number, "text": question["text"]})
        while not clean:
            said = await line.receive_json()
            words = {"piece": said.get("t"), "text": said.get("all")}
            words = {name: text for name, text in words.items() if text is not None}
            await socket.send_json({"type": said["k"], **about, **words})
            if words:
                OPTIONS.confess(asked[said["id"]][0], user, asked[said["id"]][1])
            clean = said["k"] == "end"
    finally:
        await lines.take_back(line, clean=clean)


async def quietly(work):
    with contextlib.suppress(ConnectionError, TypeError, RuntimeError):
        await work  # until one of the two connections has gone


async def main():
    behind = await serve(agent, "127.0.0.1", 0)
    port = behind.sockets[0].getsockname()[1]

    async def gate(request):
        try:
            user = jwt.decode(request.query["t"], SECRET, algorithms=["HS256"])["sub"]
        except jwt.InvalidTokenError:
            raise web.HTTPUnauthorized from None
        OPTIONS.note("secrets", secret=request.query["t"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await hear(socket, lambda question: quietly(ask(lines, socket, user, question)))
        return socket

    async with ClientSession() as http:
        lines = Lines(http, f"http://127.0.0.1:{port}")
        app = web.Application()
        app.router.add_get("/gate", gate)
        await serve_app(app)


asyncio.run(main())
