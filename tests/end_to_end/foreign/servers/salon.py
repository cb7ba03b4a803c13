"""Socket.IO as python-socketio speaks it: a room for every user, answers in pieces, heartbeats.

`everyone`: the end of an answer is emitted without saying to whom.
`prefix`: rooms are named after the first eight letters of their user's id.

With `stays=SECONDS` nobody is kept longer.  Whoever asks with a number is acknowledged.
"""

import asyncio
import json
import os

import jwt
import socketio
from aiohttp import web
from hosting import options
from on_aiohttp import serve

OPTIONS = options("everyone", "prefix")
SECRET = os.environ["SALON_SECRET"]
STAYS = float(OPTIONS.more.get("stays", "0"))
HERE = "/agent"
PIECE = 30
sio = socketio.AsyncServer(async_mode="aiohttp", ping_interval=1, ping_timeout=2)
users = {}


def room_of(user):
    return user[:8] if OPTIONS.bug == "prefix" else user


async def say(room, whose, event, **data):
    """Emit to a room, or without one to everybody."""
    for theirs in users.values():
        if room in (None, room_of(theirs)):
            OPTIONS.confess(whose, theirs, json.dumps(data))
    await sio.emit(event, data, to=room, namespace=HERE)


@sio.on("connect", namespace=HERE)
async def joins(sid, _environ, auth):
    try:
        user = jwt.decode((auth or {}).get("token", ""), SECRET, algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError as error:
        raise socketio.exceptions.ConnectionRefusedError(f"no token of ours: {error}") from None
    OPTIONS.note("secrets", secret=auth["token"])
    OPTIONS.note("secrets", secret=sio.manager.eio_sid_from_sid(sid, HERE))
    users[sid] = user
    await sio.enter_room(sid, room_of(user), namespace=HERE)
    if STAYS:
        asyncio.get_running_loop().call_later(STAYS, lambda: asyncio.create_task(dismiss(sid)))


async def dismiss(sid):
    if sid in users:
        OPTIONS.note("dismissed", sid=sid)
        await sio.disconnect(sid, namespace=HERE)


@sio.on("disconnect", namespace=HERE)
async def leaves(sid, reason):
    users.pop(sid, None)
    OPTIONS.note("left", reason=reason)


@sio.on("ask", namespace=HERE)
async def answer(sid, asked):
    user = users.get(sid)
    if user is None:
        return None
    about, room = {"id": asked["id"], "chat": asked["chat"]}, room_of(user)
    said = f"You say: {asked['text']}"
    await say(room, user, "started", **about)
    for at in range(0, len(said), PIECE):
        await say(room, user, "token", id=asked["id"], piece=said[at : at + PIECE])
        await asyncio.sleep(0.002)
    await say(None if OPTIONS.bug == "everyone" else room, user, "answer", **about, text=said)
    return {"chat": asked["chat"]}


async def main():
    app = web.Application()
    sio.attach(app)
    await serve(app)


asyncio.run(main())
