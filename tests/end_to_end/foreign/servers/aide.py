"""An assistant that remembers what it is told, and streams its answers in pieces.

`memory`: what was remembered is searched by likeness, and by nobody's id.
`notices`: the title of a conversation is announced to the newest socket, and names no one.
"""

import asyncio
import base64
import collections
import json
import os
import re

import jwt
from aiohttp import web
from hosting import options
from on_aiohttp import hear, listen

OPTIONS = options("memory", "notices")
SECRET = os.environ["AIDE_SECRET"]
PIECE = 30
memories = []  # (whose, words, text)
newest = []


def words_of(text):
    return collections.Counter(re.findall(r"[a-z]{3,}", text.lower()))


def recalled(user, question):
    """What is most like a question, of all that was told to be remembered."""
    asked = words_of(question)
    mine = [each for each in memories if OPTIONS.bug == "memory" or each[0] == user]
    return max(
        mine, key=lambda each: sum((asked & each[1]).values()), default=(user, {}, "nothing")
    )


async def say(socket, user, whose, event, **data):
    OPTIONS.confess(whose, user, json.dumps(data))
    await socket.send_json({"op": event, "d": data})


async def answer(socket, user, message):
    asked = message["q"]
    about = {"ref": message["ref"], "chat": message["chat"]}
    whose, _, told = recalled(user, asked)
    if asked.startswith("Remember"):
        memories.append((user, words_of(asked), asked))
    elif not asked.startswith("What did I"):
        whose, told = user, "nothing"
    said = f"You say: {asked} You told me: {told}"
    await say(socket, user, user, "begin", **about)
    OPTIONS.confess(whose, user, said)
    for at in range(0, len(said), PIECE):
        await say(socket, user, user, "piece", ref=message["ref"], t=said[at : at + PIECE])
        await asyncio.sleep(0.002)
    await say(socket, user, user, "end", **about)
    there, theirs = newest[-1] if OPTIONS.bug == "notices" else (socket, user)
    await say(there, theirs, user, "notice", title=asked[:60])


async def ws(request):
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(", ")
    encoded = next((each[6:] for each in offered if each.startswith("token.")), "")
    try:
        token = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        user = jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]
    except (ValueError, jwt.InvalidTokenError):
        raise web.HTTPUnauthorized from None
    OPTIONS.note("secrets", secret=token)
    socket = web.WebSocketResponse(protocols=("aide",))
    await socket.prepare(request)
    newest.append((socket, user))
    await hear(socket, lambda message: answer(socket, user, message))
    newest.remove((socket, user))
    return socket


listen("/", ws)
