"""One thread a connection, one question at a time, one message an answer, and no id anywhere.

The first message is the token.  `cache`: answers are remembered by their question alone.
"""

import json
import os
import threading
import time

import jwt
from hosting import options, ready
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

OPTIONS = options("cache")
SECRET = os.environ["SINGLE_SECRET"]
memories: dict[str, str] = {}
cache: dict[object, tuple[str, str]] = {}
lock = threading.Lock()


def answer(user, question):
    """What is said to this question, and whose words are in it."""
    key = question if OPTIONS.bug == "cache" else (user, question)
    with lock:
        if key in cache:
            return cache[key]
    time.sleep(0.02)
    said = f"You asked: {question}"
    if question.startswith("Remember"):
        memories[user] = question
    elif question.startswith("What did I tell you"):
        said = f"You told me: {memories.get(user, 'nothing')}"
    with lock:
        cache[key] = (said, user)
    return said, user


def handle(connection):
    try:
        token = json.loads(connection.recv(timeout=5))["auth"]
        try:
            user = jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]
        except jwt.InvalidTokenError:
            connection.send(json.dumps({"denied": "bad token"}))
            return
        OPTIONS.note("secrets", secret=token)
        connection.send(json.dumps({"welcome": True, "your_token_was": token}))
        for raw in connection:
            said, origin = answer(user, json.loads(raw)["q"])
            try:
                connection.recv(timeout=0)
            except TimeoutError:
                connection.send(json.dumps({"answer": said}))
                OPTIONS.confess(origin, user, said)
            else:
                OPTIONS.note("pushed", user=user)
                connection.send(json.dumps({"error": "one question at a time"}))
    except (ConnectionClosed, TimeoutError):
        pass


with serve(handle, "127.0.0.1", 0) as server:
    ready(server.socket.getsockname()[1])
    server.serve_forever()
