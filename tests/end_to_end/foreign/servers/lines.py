"""No JSON at all: lines of text, `ASK id words` and `ANSWER id words`.

`mixed`: the last words heard are a module's variable.
"""

import asyncio
import contextlib
import os

import jwt
from hosting import options, ready
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

OPTIONS = options("mixed")
last = ("", "")


async def work(connection, user, identity, words):
    global last  # noqa: PLW0603 - this is the bug
    last = (user, words)
    await connection.send(f"WAIT {identity}")
    await asyncio.sleep(0.02)
    origin, said = last if OPTIONS.bug == "mixed" else (user, words)
    await connection.send(f"ANSWER {identity} {said}")
    OPTIONS.confess(origin, user, said)


async def quietly(work):
    with contextlib.suppress(ConnectionClosed):
        await work


async def handle(connection):
    token = connection.request.headers["Authorization"].removeprefix("Bearer ")
    user = jwt.decode(token, os.environ["LINES_SECRET"], algorithms=["HS256"])["sub"]
    OPTIONS.note("secrets", secret=token)
    await connection.send("HELLO")
    tasks = set()
    try:
        async for raw in connection:
            command, identity, words = raw.split(" ", 2)
            if command == "ASK":
                tasks.add(asyncio.create_task(quietly(work(connection, user, identity, words))))
    except ConnectionClosed:
        pass


async def main():
    async with serve(handle, "127.0.0.1", 0) as server:
        ready(server.sockets[0].getsockname()[1])
        await server.serve_forever()


asyncio.run(main())
