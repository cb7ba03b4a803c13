"""A Netra-like platform of October, on `websockets`: a handshake, then flat events.

`prefix`: the registry of sessions is keyed by the first six characters of the user's id.
"""

import asyncio
import base64
import contextlib
import functools
import json
import os
import secrets
import time
import uuid

import jwt
from hosting import options, ready
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

OPTIONS = options("prefix")
SECRET = os.environ["OCTOBER_SECRET"]
registry: dict[str, tuple] = {}


def key_of(user, session):
    return user[:6] if OPTIONS.bug == "prefix" else session


def token_of(connection):
    offered = connection.request.headers.get("Sec-WebSocket-Protocol", "")
    for protocol in offered.split(","):
        if protocol.strip().startswith("jwt.development."):
            return protocol.strip().removeprefix("jwt.development.")
    return ""


async def send_to(owner, session, event):
    """Send an event of this owner's to where the registry says that the owner is."""
    user, connection = registry.get(key_of(owner, session), (None, None))
    if connection is not None:
        text = json.dumps(event)
        await connection.send(text)
        OPTIONS.confess(owner, user, text)


async def run_agent(user, message, session_token):
    text = message["payload"].get("user_request") or message["payload"].get("content")
    thread = message["payload"].get("thread_id") or str(uuid.uuid4())
    cut = f"{user[:8]}..."
    about = {"run_id": message["run_id"], "thread_id": thread, "user_id": cut}
    send = functools.partial(send_to, user, session_token)
    await send({"type": "agent_started", **about, "timestamp": time.time()})
    await asyncio.sleep(0.01)
    await send({"type": "agent_thinking", **about, "content": f"thinking about {text}"})
    await send({"type": "tool_executing", **about, "tool_name": "lookup"})
    debug = {  # what a developer left in: the session's credential, four ways
        "session_token": session_token,
        "hex": session_token.encode().hex(),
        "base64": base64.b64encode(b"." + session_token.encode()).decode(),
        "escaped": "".join(f"\\u{ord(letter):04x}" for letter in session_token),
    }
    await send({"type": "log", "level": "debug", "detail": debug})
    await asyncio.sleep(0.01)
    await send({"type": "tool_completed", **about, "results": {"found": text}})
    await send({"type": "agent_completed", **about, "final_response": f"Well, {text}"})
    await send({"type": "cleanup", "run": "over"})


async def handle(connection):
    try:
        claims = jwt.decode(token_of(connection), SECRET, algorithms=["HS256"], issuer="netra")
    except jwt.InvalidTokenError:
        await connection.send(json.dumps({"type": "authentication_failed"}))
        await connection.close(1008)
        return
    user = claims["sub"]
    OPTIONS.note("secrets", secret=token_of(connection))
    mine = {
        "thread_id": str(uuid.uuid4()),
        "run_id": str(uuid.uuid4()),
        "request_id": str(uuid.uuid4()),
        "session_token": secrets.token_urlsafe(33),
    }
    OPTIONS.note("secrets", secret=mine["session_token"])
    await connection.send(json.dumps({"type": "handshake_response", **mine}))
    reply = json.loads(await connection.recv())
    if reply != {"type": "handshake_acknowledged", **mine}:
        await connection.close(1008, "handshake failed")
        return
    registry[key_of(user, mine["session_token"])] = (user, connection)
    await connection.send(json.dumps({"type": "handshake_complete", "run_id": mine["run_id"]}))
    established = {"type": "connection_established", "user_id": f"{user[:8]}..."}
    await connection.send(json.dumps(established))
    running = set()
    async for raw in tidily(connection):
        message = json.loads(raw)
        if message["type"] in ("start_agent", "user_message"):
            if message.get("client_environment") != "development" or "run_id" not in message:
                await connection.send(json.dumps({"type": "error", "message": "malformed"}))
                continue
            work = run_agent(user, message, mine["session_token"])
            running.add(asyncio.create_task(quietly(work)))


async def tidily(connection):
    """The messages of a connection, whose abrupt end is nothing to speak of."""
    try:
        async for raw in connection:
            yield raw
    except ConnectionClosed:
        pass


async def quietly(work):
    with contextlib.suppress(ConnectionClosed):
        await work


async def main():
    async with serve(handle, "127.0.0.1", 0, max_size=5_000_000) as server:
        ready(server.sockets[0].getsockname()[1])
        await server.serve_forever()


asyncio.run(main())
