"""JSON-RPC 2.0, work in threads, and rows whose owner is three joins away.

`worker`: the audit row is written for whoever this thread last looked up.
`prefix`: sockets are found again by the first eight letters of their user's id.
"""

import asyncio
import json
import os
import sqlite3
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import jwt
from hosting import options, ready
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

OPTIONS = options("worker", "prefix")
SECRET = os.environ["RPC_SECRET"]
LOOKUPS = 3
"""A thread keeps whom it looked up for so many questions, where it keeps anybody."""
db = sqlite3.connect(OPTIONS.folder / "rpc.db", isolation_level=None, check_same_thread=False)
db.executescript("""
    PRAGMA synchronous = OFF;
    CREATE TABLE users (id INTEGER PRIMARY KEY, external_id TEXT UNIQUE);
    CREATE TABLE threads (id TEXT PRIMARY KEY, owner_id INTEGER);
    CREATE TABLE messages (id INTEGER PRIMARY KEY, thread_id TEXT, body TEXT, created_at REAL);
    CREATE TABLE audit (id INTEGER PRIMARY KEY, actor TEXT, detail TEXT, at REAL);
""")
lock = threading.Lock()
pool = ThreadPoolExecutor(4)
ambient = threading.local()
sockets = {}


def actor_of(user):
    if OPTIONS.bug != "worker":
        return user
    ambient.served = getattr(ambient, "served", -1) + 1
    if ambient.served % LOOKUPS == 0:
        ambient.user = user
    return ambient.user


def work(user, thread, text):
    time.sleep(0.01)
    said = f"You asked: {text}"
    actor, now = actor_of(user), time.time()
    if actor != user:
        OPTIONS.note("rows", victim=user, owner=actor)
    with lock:
        db.execute("BEGIN")
        db.execute("INSERT OR IGNORE INTO users (external_id) VALUES (?)", (user,))
        (own,) = db.execute("SELECT id FROM users WHERE external_id = ?", (user,)).fetchone()
        db.execute("INSERT OR IGNORE INTO threads VALUES (?, ?)", (thread, own))
        for words in (text, said):
            row = (thread, json.dumps([{"text": words}]), now)
            db.execute("INSERT INTO messages (thread_id, body, created_at) VALUES (?, ?, ?)", row)
        row = (actor, json.dumps({"excerpt": text}), now)
        db.execute("INSERT INTO audit (actor, detail, at) VALUES (?, ?, ?)", row)
        db.execute("COMMIT")
    return said


async def send(user, key, message):
    socket, theirs = sockets[key]
    OPTIONS.confess(user, theirs, json.dumps(message))
    await socket.send(json.dumps({"jsonrpc": "2.0", **message}))


async def answer(user, key, call):
    asked = call["params"]
    thread, run = asked.get("thread") or str(uuid.uuid4()), uuid.uuid4().hex
    about = {"run": run, "thread": thread}

    def event(name, **more):
        return {"method": "agent.event", "params": {**about, "event": name, **more}}

    try:
        await send(user, key, event("started", rpc=call["id"]))
        loop = asyncio.get_running_loop()
        said = await loop.run_in_executor(pool, work, user, thread, asked["input"])
        await send(user, key, event("output", text=said))
        await send(user, key, {"id": call["id"], "result": {**about, "text": said}})
    except (ConnectionClosed, KeyError):
        return


async def handle(socket):
    token = parse_qs(urlsplit(socket.request.path).query).get("access_token", [""])[0]
    try:
        user = jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError:
        await socket.close(1008)
        return
    OPTIONS.note("secrets", secret=token)
    key = user[:8] if OPTIONS.bug == "prefix" else str(uuid.uuid4())
    sockets[key] = socket, user
    tasks = set()
    try:
        async for message in socket:
            tasks.add(asyncio.create_task(answer(user, key, json.loads(message))))
    except ConnectionClosed:
        pass


async def main():
    async with serve(handle, "127.0.0.1", 0) as server:
        ready(server.sockets[0].getsockname()[1])
        await server.wait_closed()


asyncio.run(main())
