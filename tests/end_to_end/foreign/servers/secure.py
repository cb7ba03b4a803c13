"""The plain wire over TLS with a certificate of its own making.

`once`: a race that a hundred queries do not show; the hundredth shows it, once.
"""

import asyncio
import contextlib
import itertools
import json
import os
import ssl
import time
import urllib.parse
import uuid

import jwt
from hosting import options, ready
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

OPTIONS = options("once")
SECRET = os.environ["SECURE_SECRET"]
queries = itertools.count(1)
open_ones: dict[str, tuple] = {}


async def work(connection, user, message):
    number = next(queries)
    thread = message.get("thread_id") or str(uuid.uuid4())
    about = {"request_id": message["request_id"], "thread_id": thread, "user_id": user}
    text = message["payload"]["content"]
    for kind in ("agent_started", "agent_thinking", "tool_executing", "tool_completed"):
        event = {"type": kind, **about, "timestamp": time.time(), "payload": {"content": ""}}
        await connection.send(json.dumps(event))
        await asyncio.sleep(0.004)
    body = {"type": "agent_completed", **about, "payload": {"content": f"Indeed: {text}"}}
    if OPTIONS.bug == "once" and number >= 100 and "CX" in text and not OPTIONS.more.get("done"):
        others = [pair for pair in open_ones.values() if pair[0] != user]
        if others:
            OPTIONS.more["done"] = "yes"
            other, there = others[0]
            await there.send(json.dumps(body))
            OPTIONS.confess(user, other, text)
    await connection.send(json.dumps(body))


async def quietly(work):
    with contextlib.suppress(ConnectionClosed):
        await work


async def handle(connection):
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(connection.request.path).query)
    try:
        user = jwt.decode(query.get("token", [""])[0], SECRET, algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError:
        await connection.close(4401, "no")
        return
    OPTIONS.note("secrets", secret=query["token"][0])
    open_ones[user] = (user, connection)
    running = set()
    try:
        async for raw in connection:
            running.add(asyncio.create_task(quietly(work(connection, user, json.loads(raw)))))
    except ConnectionClosed:
        open_ones.pop(user, None)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(OPTIONS.folder / "cert.pem", OPTIONS.folder / "key.pem")
    async with serve(handle, "127.0.0.1", 0, ssl=context) as server:
        ready(server.sockets[0].getsockname()[1])
        await server.serve_forever()


asyncio.run(main())
