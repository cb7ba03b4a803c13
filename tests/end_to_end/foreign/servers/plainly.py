"""The plain wire, on aiohttp: every id at the root, tokens signed with a known secret, SQLite.

`newest_owner`: rows are written with the user whose request came last.
`out_of_step`: they are written several at a time, and their words sorted without them.
`current_request`: so are answers, since the request is a module's variable across an await.
"""

import asyncio
import os
import sqlite3
import time
import uuid

import jwt
from aiohttp import web
from hosting import options
from on_aiohttp import hear, listen

OPTIONS = options("newest_owner", "out_of_step", "current_request")
SECRET = os.environ["PLAINLY_SECRET"]
current = {"user": None, "text": None}
waiting: list[tuple] = []

db = sqlite3.connect(OPTIONS.folder / "plainly.db", isolation_level=None)
db.executescript("""
    PRAGMA synchronous = OFF;
    CREATE TABLE messages (
        id TEXT PRIMARY KEY, user_id TEXT, thread_id TEXT, request_id TEXT,
        role TEXT, content TEXT, created_at REAL
    );
""")
# Some platforms know their users by numbers of their own in the database.
numbers: dict[str, int] = {}


def row_owner(user):
    if OPTIONS.more.get("owners") == "numbers":
        return str(numbers.setdefault(user, 1000 + len(numbers)))
    return user


def store(user, thread, request, role, content):
    owner = current["user"] if OPTIONS.bug == "newest_owner" else user
    row = (owner, thread, request, role, (user, content))
    if OPTIONS.bug == "out_of_step":
        if not waiting:
            asyncio.get_running_loop().call_later(0.05, write_behind)
        waiting.append(row)
    else:
        write(row)


def write(row):
    owner, thread, request, role, (user, content) = row
    if owner != user:
        OPTIONS.note("rows", victim=user, owner=owner, text=content)
    values = (str(uuid.uuid4()), row_owner(owner), thread, request, role, content, time.time())
    db.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def write_behind():
    heads, words = [row[:4] for row in waiting], sorted(row[4] for row in waiting)
    waiting.clear()
    for head, content in zip(heads, words, strict=True):
        write((*head, content))


async def work(socket, user, message):
    thread = message.get("thread_id") or str(uuid.uuid4())
    request, run = message["request_id"], str(uuid.uuid4())
    text = message["payload"]["content"]
    current["user"], current["text"] = user, text
    about = {"user_id": user, "thread_id": thread, "run_id": run, "request_id": request}

    async def event(kind, content, origin=user):
        body = {"type": kind, **about, "timestamp": time.time(), "payload": {"content": content}}
        await socket.send_json(body)
        OPTIONS.confess(origin, user, content)

    await event("agent_started", "")
    await asyncio.sleep(0.015)
    store(user, thread, request, "user", text)
    await event("agent_thinking", f"about {text}")
    await event("tool_executing", "search")
    await asyncio.sleep(0.015)
    await event("tool_completed", "3 documents")
    answer, origin = text, user
    if OPTIONS.bug == "current_request":
        answer, origin = current["text"], current["user"]
    store(user, thread, request, "assistant", f"As to {answer}")
    await event("agent_completed", f"As to {answer}", origin)


async def ws(request):
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(
            token,
            SECRET,
            algorithms=["HS256"],
            audience="plainly",
            options={"require": ["exp", "sub", "aud"]},
        )
    except jwt.InvalidTokenError:
        raise web.HTTPUnauthorized from None
    OPTIONS.note("secrets", secret=token)
    socket = web.WebSocketResponse()
    await socket.prepare(request)

    async def does(message):
        if message["user_id"] == claims["sub"]:
            await work(socket, claims["sub"], message)
        else:
            about = {"request_id": message["request_id"]}
            await socket.send_json({"type": "error", **about, "payload": {"message": "who?"}})

    await hear(socket, does)
    return socket


listen("/ws", ws)
