"""Opaque tokens from a file, and a lobby in which everybody hears who is busy.

That is no bleeding: a lobby tells names, not words.  `gossip`: here it tells words too.
"""

import asyncio
from pathlib import Path

from aiohttp import web
from hosting import options
from on_aiohttp import hear, listen

OPTIONS = options("gossip")
lines = Path(OPTIONS.more["tokens"]).read_text(encoding="utf-8").splitlines()
users = dict(line.split() for line in lines if line and not line.startswith("#"))
present: dict[web.WebSocketResponse, str] = {}


async def tell_everybody(user, state, text):
    event = {"type": "presence", "user_id": user, "state": state}
    if OPTIONS.bug == "gossip":
        event["about"] = text
    for socket, listener in list(present.items()):
        try:
            await socket.send_json(event)
        except ConnectionError:
            continue
        if "about" in event:
            OPTIONS.confess(user, listener, text)


async def work(socket, user, message):
    text = message["text"]
    about = {"user_id": user, "ref": message["ref"]}
    await tell_everybody(user, "busy", text)
    await asyncio.sleep(0.01)
    await socket.send_json({"type": "progress", **about, "percent": 50})
    await asyncio.sleep(0.01)
    await socket.send_json({"type": "reply", **about, "text": f"Re: {text}"})
    await tell_everybody(user, "idle", "")


async def ws(request):
    user = users.get(request.headers.get("X-Token", ""))
    if user is None:
        raise web.HTTPUnauthorized
    OPTIONS.note("secrets", secret=request.headers["X-Token"])
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    present[socket] = user
    await socket.send_json({"type": "greeting", "token": request.headers["X-Token"]})
    await hear(socket, lambda message: work(socket, user, message))
    present.pop(socket, None)
    return socket


listen("/lobby", ws)
