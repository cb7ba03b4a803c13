"""Names everything itself, in small numbers: chats by user, runs by connection, users by its own.

Login is OAuth's password form, the token's subject an email, and the number of a user
stands in no token.  `shared_agent`: one agent object keeps its question across an await.
"""

import asyncio
import itertools
import json
import secrets
import socket as sockets
import time

import jwt
import uvicorn
from hosting import options, ready
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

OPTIONS = options("shared_agent")
SECRET = secrets.token_hex(32)
users: dict[str, int] = {}
chats: dict[int, int] = {}


class Agent:
    """Something that thinks about one question."""

    def __init__(self):
        self.question = self.owner = None

    async def think(self, owner, question):
        """An answer, and whose question it was."""
        self.owner, self.question = owner, question
        await asyncio.sleep(0.02)
        return f"Thus: {self.question}", self.owner


everybodys = Agent()


async def token(request):
    if request.headers.get("x-api-key") != "a-key-for-the-gateway":
        return JSONResponse({"error": "no api key"}, 403)
    form = dict(pair.split("=") for pair in (await request.body()).decode().split("&"))
    if form.get("grant_type") != "password" or not form.get("password"):
        return JSONResponse({"error": "invalid_request"}, 400)
    email = form["username"].replace("%40", "@")
    users.setdefault(email, 100 + len(users))
    claims = {"sub": email, "exp": int(time.time()) + 600}
    access = jwt.encode(claims, SECRET, algorithm="HS256")
    OPTIONS.note("secrets", secret=access)
    OPTIONS.note("secrets", secret=form["password"].replace("%21", "!"))
    OPTIONS.note("secrets", secret="a-key-for-the-gateway")
    return JSONResponse({"token": access, "token_type": "bearer", "id": secrets.token_hex(4)})


async def ws(websocket):
    try:
        claims = jwt.decode(websocket.cookies.get("session", ""), SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        await websocket.close(4401)
        return
    await websocket.accept()
    email, number, runs = claims["sub"], users[claims["sub"]], itertools.count(1)
    hello = {"event": "session.created", "user": number, "motd": "we move to v2 on monday"}
    await websocket.send_json(hello)
    try:
        while True:
            message = json.loads(await websocket.receive_text())
            if message.get("action") != "ask":
                continue
            chat = message.get("chat")
            if chat is None:
                chat = chats[number] = chats.get(number, 0) + 1
            run = {"id": next(runs), "chat": int(chat), "user": number}
            await websocket.send_json({"event": "run.created", "run": run})
            agent = everybodys if OPTIONS.bug == "shared_agent" else Agent()
            said, owner = await agent.think(email, message["prompt"])
            output = [{"type": "text", "text": {"value": said}}]
            body = {"event": "run.updated", "run": run | {"status": "completed"}, "output": output}
            await websocket.send_json(body)
            OPTIONS.confess(owner, email, said)
    except (WebSocketDisconnect, RuntimeError):
        pass


app = Starlette(
    routes=[Route("/token", token, methods=["POST"]), WebSocketRoute("/v1/realtime", ws)]
)

if __name__ == "__main__":
    listening = sockets.create_server(("127.0.0.1", 0))
    ready(listening.getsockname()[1])
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
