"""Clients name their threads; answers come in deltas of a few letters; SQLite with joins.

`shared_history`: a list that was meant to be new for every thread is one list.
`no_owner_check`: whoever knows a thread's id may read it.
"""

import asyncio
import json
import os
import sqlite3
import uuid
from datetime import UTC, datetime

import jwt
from aiohttp import web
from hosting import options
from on_aiohttp import hear, listen

OPTIONS = options("shared_history", "no_owner_check")
SECRET = os.environ["THREADS_SECRET"]
db = sqlite3.connect(OPTIONS.folder / "threads.db", isolation_level=None)
db.executescript("""
    PRAGMA synchronous = OFF;
    CREATE TABLE threads (id TEXT PRIMARY KEY, metadata TEXT);
    CREATE TABLE messages (
        id TEXT PRIMARY KEY, thread_id TEXT, role TEXT, content TEXT, created_at TEXT
    );
""")


class Thread:
    """A thread, and what was said in it."""

    def __init__(self, owner, history=[]):  # noqa: B006 - this is the bug
        self.owner = owner
        self.history = history


threads: dict[str, Thread] = {}


def store(thread, role, content):
    parts = json.dumps([{"type": "text", "text": {"value": content}}])
    values = (str(uuid.uuid4()), thread, role, parts, datetime.now(UTC).isoformat())
    db.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?)", values)


async def answer(socket, user, message):
    name, text = message["thread"], message["text"]
    thread = threads.get(name)
    if thread is None:
        shared = OPTIONS.bug == "shared_history"
        thread = threads[name] = Thread(user) if shared else Thread(user, [])
        db.execute("INSERT INTO threads VALUES (?, ?)", (name, json.dumps({"user_id": user})))
    store(name, "user", text)
    before = thread.history[-1] if thread.history else (user, "nothing")
    thread.history.append((user, text))
    said = f"After {before[1]} you say: {text}"
    OPTIONS.confess(before[0], user, said)
    for at in range(0, len(said), 7):
        await socket.send_json({"kind": "delta", "id": message["id"], "piece": said[at : at + 7]})
        if at % 70 == 0:
            await asyncio.sleep(0.002)
    store(name, "assistant", said)
    await socket.send_json({"kind": "end", "id": message["id"], "thread": name})


async def history(socket, user, message):
    thread = threads.get(message["thread"])
    allowed = thread is not None and (thread.owner == user or OPTIONS.bug == "no_owner_check")
    if not allowed:
        await socket.send_json({"kind": "refused", "why": "no such thread"})
        return
    told = [text for _, text in thread.history]
    await socket.send_json({"kind": "history", "thread": message["thread"], "told": told})
    OPTIONS.confess(thread.owner, user, " ".join(told))


async def ws(request):
    try:
        user = jwt.decode(request.query.get("access_token"), SECRET, algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError:
        raise web.HTTPForbidden from None
    OPTIONS.note("secrets", secret=request.query["access_token"])
    if request.match_info["user"] != user:
        raise web.HTTPNotFound
    socket = web.WebSocketResponse(heartbeat=2)
    await socket.prepare(request)
    does = {"prompt": answer, "history": history}
    await hear(socket, lambda message: does[message["kind"]](socket, user, message))
    return socket


listen("/users/{user}/ws", ws)
