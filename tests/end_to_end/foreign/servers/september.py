"""A Netra-like platform of early September, on Starlette: auth over HTTP, agents over /ws.

Ids stand wherever each emitter's author liked them.  `last_socket`: the bridge keeps the
socket of whoever connected last.  `tool_bridge`: only the tool dispatcher does.
"""

import asyncio
import base64
import contextlib
import json
import secrets
import socket
import time
import uuid
from datetime import UTC, datetime

import jwt
import uvicorn
from hosting import options, ready
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

OPTIONS = options("last_socket", "tool_bridge")
SECRET = secrets.token_hex(32)
LIFETIME = int(OPTIONS.more.get("lifetime", "600"))
LIMIT = 8192

accounts: dict[str, dict] = {}
refreshes: dict[str, str] = {}
spent: set[str] = set()


def tokens(account):
    now = int(time.time())
    claims = {
        "sub": account["id"],
        "iat": now,
        "exp": now + LIFETIME,
        "token_type": "access",
        "iss": "netra-auth",
        "aud": "netra-backend",
        "jti": str(uuid.uuid4()),
        "env": "dev",
        "email": account["email"],
        "permissions": [],
    }
    refresh = secrets.token_urlsafe(32)
    refreshes[refresh] = account["email"]
    OPTIONS.note("secrets", secret=refresh)
    access = jwt.encode(claims, SECRET, algorithm="HS256")
    OPTIONS.note("secrets", secret=access)
    return {
        "access_token": access,
        "refresh_token": refresh,
        "token_type": "Bearer",
        "expires_in": 3600,  # a lie that the real one tells too
        "user": {"id": account["id"], "email": account["email"]},
    }


async def register(request):
    body = await request.json()
    if body["email"] in accounts:
        return JSONResponse({"detail": "already registered"}, 409)
    accounts[body["email"]] = {"id": str(uuid.uuid4()), **body}
    return JSONResponse({"message": "registered"}, 201)


async def login(request):
    body = await request.json()
    account = accounts.get(body["email"])
    OPTIONS.note("secrets", secret=body["password"])
    if account is None or account["password"] != body["password"]:
        return JSONResponse({"detail": "bad credentials"}, 401)
    return JSONResponse(tokens(account))


async def refresh(request):
    token = (await request.json())["refresh_token"]
    if token in spent:
        OPTIONS.note("reuse", at=time.time())
    email = refreshes.pop(token, None)
    if email is None:
        return JSONResponse({"detail": "unknown refresh token"}, 401)
    spent.add(token)
    OPTIONS.note("refreshed", email=email)
    return JSONResponse(tokens(accounts[email]))


def token_of(websocket):
    header = websocket.headers.get("authorization", "")
    if header.startswith("Bearer "):
        return header[7:]
    for offered in websocket.scope["subprotocols"]:
        if offered.startswith("jwt."):
            encoded = offered[4:]
            return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    return websocket.query_params.get("token", "")


class Bridge:
    """Where events of a run go."""

    def __init__(self, user, websocket):
        self.user, self.websocket = user, websocket

    async def send(self, owner, event):
        """Send an event of this owner's to whom this bridge leads."""
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self.websocket.send_text(json.dumps(event))
            OPTIONS.confess(owner, self.user, json.dumps(event))


class Shared:
    """The one that everybody meant to have for themselves."""

    bridge: Bridge


def iso():
    return datetime.now(UTC).isoformat()


async def run_agent(user, own, message):
    payload = message["payload"]
    text = payload.get("user_request") or payload.get("content") or ""
    thread = payload.get("thread_id") or f"thread_{uuid.uuid4()}"
    run = f"run_{uuid.uuid4().hex}"
    Shared.tools = own

    async def emit(event, *, tool=False):
        bridge = own
        if OPTIONS.bug == "last_socket":
            bridge = Shared.bridge
        elif OPTIONS.bug == "tool_bridge" and tool:
            bridge = Shared.tools
        await bridge.send(user, event)
        await asyncio.sleep(0.01)

    about = {"run_id": run, "thread_id": thread}
    await emit({"type": "agent_started", "payload": {**about, "timestamp": time.time()}})
    context = {"user_id": user, **about}
    await emit({"type": "agent_started", "user_context": context, "timestamp": iso()})
    await emit({"type": "agent_thinking", "data": {"thread_id": thread, "message": f"hm: {text}"}})
    await emit({"type": "tool_executing", "payload": {"run_id": run, "tool_name": "search"}})
    results = {"rows": [f"found: {text}"], "count": 1}
    done = {"type": "tool_completed", "payload": {"run_id": run, "results": results}}
    await emit(done, tool=True)
    answer = {**about, "final_response": f"You said: {text}", "timestamp": iso()}
    await emit({"type": "agent_completed", "payload": answer})


async def ws(websocket):  # noqa: C901 - a stranger's
    offered = websocket.scope["subprotocols"]
    await websocket.accept(subprotocol="jwt-auth" if "jwt-auth" in offered else None)
    try:
        claims = jwt.decode(
            token_of(websocket), SECRET, algorithms=["HS256"], audience="netra-backend"
        )
    except jwt.InvalidTokenError as error:
        await websocket.send_json({"type": "error", "payload": {"error": str(error)}})
        await websocket.close(1008)
        return
    user = claims["sub"]
    own = Shared.bridge = Bridge(user, websocket)
    welcome = {"event": "connection_established", "connection_id": f"c{id(own)}", "user_id": user}
    await websocket.send_json({"type": "system_message", "data": welcome})

    async def expire():
        await asyncio.sleep(claims["exp"] - time.time())
        OPTIONS.note("expired", user=user)
        await websocket.close(1008, "token expired")

    async def ping():
        while True:
            await asyncio.sleep(2)
            await websocket.send_json({"type": "ping", "timestamp": time.time()})

    tasks = {asyncio.create_task(expire()), asyncio.create_task(ping())}
    try:
        while True:
            raw = await websocket.receive_text()
            if len(raw.encode()) > LIMIT:
                continue  # nobody is told
            message = json.loads(raw)
            if message["type"] == "ping":
                await websocket.send_json({"type": "pong", "timestamp": time.time()})
            elif message["type"] == "pong":
                OPTIONS.note("pongs", user=user)
            elif message["type"] in ("start_agent", "user_message", "chat"):
                tasks.add(asyncio.create_task(run_agent(user, own, message)))
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        for task in tasks:
            task.cancel()


app = Starlette(
    routes=[
        Route("/auth/register", register, methods=["POST"]),
        Route("/auth/login", login, methods=["POST"]),
        Route("/auth/refresh", refresh, methods=["POST"]),
        WebSocketRoute("/ws", ws),
    ]
)

if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", 0))
    ready(listening.getsockname()[1])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="websockets-sansio"))
    server.run(sockets=[listening])
