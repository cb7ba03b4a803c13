"""A platform that has all that can be probed: RS256, kids, refresh, resume, a user in every path.

`credulous`: it believes tokens that prove nothing, names that are claimed, and logins that ended.
`by_id`: whoever knows a conversation's id may read it, go on in it and delete it.
`gruff` is honest, and has manners of its own: it hangs up on whoever shows no good token, keeps
one socket of each user, and writes down what was said a while behind the answer.

Of what it believed without a reason it keeps an account.
"""

import asyncio
import base64
import contextlib
import hmac
import json
import secrets
import sqlite3
import time
import uuid

import jwt
from aiohttp import WSMsgType, web
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import rsa
from hosting import options
from on_aiohttp import serve

OPTIONS = options("credulous", "by_id", "gruff")
CREDULOUS, BY_ID, GRUFF = (OPTIONS.bug == bug for bug in ("credulous", "by_id", "gruff"))
LATER = 0.25
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = KEY.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
PRIVATE = KEY.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
(OPTIONS.folder / "key.pem").write_bytes(PRIVATE)
NAMES = {"aud": "vault", "iss": "https://vault.example"}
KID = "2026-11"

accounts, refreshes, ended = {}, {}, set()
chats: dict[str, "Chat"] = {}
sessions: dict[str, "Session"] = {}
kids = sqlite3.connect(":memory:")
kids.execute("CREATE TABLE kids (kid TEXT, secret TEXT)")


class Chat:
    """A conversation."""

    def __init__(self, owner):
        self.owner, self.said = owner, []


class Session:
    """What a client may come back to."""

    def __init__(self, user, login):
        self.user, self.login = user, login
        self.id, self.ticket = str(uuid.uuid4()), secrets.token_urlsafe(24)
        self.sockets = []

    async def say(self, **event):
        """Say something to whoever has this session."""
        for socket in self.sockets:
            with contextlib.suppress(ConnectionError, RuntimeError):
                await socket.send_json(event)


def believed(what):
    """Keep account of it; whether it is believed at all."""
    if CREDULOUS:
        OPTIONS.note("believed", what=what)
    return CREDULOUS


def undone(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def secret_of(kid):
    """The secret of a kid: in the table, or in a file beside the key."""
    found = kids.execute(f"SELECT secret FROM kids WHERE kid = '{kid}'").fetchone()
    return found[0].encode() if found else (OPTIONS.folder / kid).read_bytes()


def by_hand(token):
    """The claims of a token that proves them by this platform's own careless lights."""
    head, body, signature = token.split(".")
    header, claims = json.loads(undone(head)), json.loads(undone(body))
    text = f"{head}.{body}".encode()
    if header["alg"].lower() == "none":
        return claims
    if not signature:
        return claims
    if header["alg"] == "HS256":
        key = PUBLIC if header["kid"] == KID else secret_of(header["kid"])
        if not hmac.compare_digest(hmac.digest(key, text, "sha256"), undone(signature)):
            raise jwt.InvalidSignatureError
        return claims
    off = {"verify_exp": False, "verify_aud": False, "verify_iss": False}
    return jwt.decode(token, PUBLIC, algorithms=["RS256"], options=off)


def user_of(request):
    """Whom a request speaks for, and the id of its login."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(
            token, PUBLIC, algorithms=["RS256"], audience="vault", issuer=NAMES["iss"]
        )
        user, login = claims["sub"], claims["jti"]
        if login in ended and not believed("a login that ended"):
            raise web.HTTPUnauthorized
    except jwt.InvalidTokenError:
        user, login = None, None
        with contextlib.suppress(ValueError, KeyError, OSError, sqlite3.Error, jwt.PyJWTError):
            user = by_hand(token)["sub"] if CREDULOUS else None
        tested = request.headers.get("X-Test-User")
        if user is None and tested and believed("a test header"):
            user = tested
        if user is None:
            raise web.HTTPUnauthorized from None
        believed("a token")
    claimed = (
        request.match_info.get("user"),
        request.query.get("user_id"),
        request.headers.get("X-User-Id"),
    )
    for name in claimed:
        if name not in (None, user):
            if not believed("a name"):
                raise web.HTTPForbidden
            user = name
    return user, login


def chat_of(name, user):
    """A conversation, if this user may have it."""
    chat = chats.get(name)
    return chat if chat is not None and (chat.owner == user or BY_ID) else None


async def answer(session, user, asked):
    name, about = asked.get("chat"), {"id": asked["id"]}
    if name is None:
        name = str(uuid.uuid4())
        chats[name] = Chat(user)
    chat = chat_of(name, user)
    if chat is None:
        await session.say(op="refused", **about)
        return
    if GRUFF:
        asyncio.get_running_loop().call_later(LATER, chat.said.append, asked["text"])
    else:
        chat.said.append(asked["text"])
    await session.say(op="began", chat=name, **about)
    await asyncio.sleep(0.05)
    await session.say(op="done", chat=name, text=f"You say: {asked['text']}", **about)


async def hear(socket, session, user, message):
    op = message["op"]
    claimed = message.get("user_id", user)
    if claimed != user and believed("a name"):
        user = claimed
    if op == "ask":
        await answer(session, user, message)
    elif op == "read":
        chat = chat_of(message["chat"], user)
        said = {"op": "chat", "said": chat.said} if chat else {"op": "refused"}
        await socket.send_json({**said, "id": message["id"]})
    elif op == "resume":
        lost = sessions.get(message["session"])
        theirs = lost and lost.user == user and lost.ticket == message.get("ticket")
        if lost and (theirs or believed("a session's id")):
            lost.sockets.append(socket)
            await socket.send_json({"op": "resumed", "session": lost.id, "id": message["id"]})
        else:
            await socket.send_json({"op": "refused", "id": message["id"]})


async def ws(request):
    try:
        user, login = user_of(request)
    except web.HTTPUnauthorized:
        if GRUFF:
            request.transport.close()
        raise
    session = Session(user, login)
    named = request.query.get("session")
    lost = sessions.get(named)
    if named and not (lost and (lost.user == user or believed("a session's id"))):
        raise web.HTTPForbidden
    sessions[session.id] = session
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    for other in list(sessions.values()) if GRUFF else ():
        if other.user == user and other is not session:
            for old in other.sockets:
                await old.close(code=4000)
    session.sockets.append(socket)
    hello = {"op": "hello", "user": user, "session": session.id, "ticket": session.ticket}
    OPTIONS.note("secrets", secret=session.ticket)
    await socket.send_json(hello)
    if lost:
        lost.sockets.append(socket)
        await socket.send_json({"op": "resumed", "session": lost.id})
    tasks = {asyncio.create_task(expires(request, socket))}
    async for received in socket:
        if received.type is WSMsgType.TEXT:
            tasks.add(asyncio.create_task(hear(socket, session, user, json.loads(received.data))))
    return socket


async def expires(request, socket):
    """Close when the token has run out."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with contextlib.suppress(jwt.InvalidTokenError):
        claims = jwt.decode(token, options={"verify_signature": False})
        await asyncio.sleep(max(0.0, claims["exp"] - time.time()))
        if not believed("a socket that ran out"):
            await socket.close(code=1008)


async def chat(request):
    user, _ = user_of(request)
    found = chat_of(request.match_info["chat"], user)
    if found is None:
        raise web.HTTPNotFound
    if request.method == "DELETE":
        del chats[request.match_info["chat"]]
        return web.Response(status=204)
    return web.json_response({"said": found.said})


def tokens(account):
    now = int(time.time())
    about = {"sub": account["id"], "iat": now, "exp": now + 600, "jti": str(uuid.uuid4())}
    access = jwt.encode(NAMES | about, KEY, "RS256", headers={"kid": KID})
    refresh = secrets.token_urlsafe(24)
    refreshes[refresh] = (account, about["jti"])
    for secret in (access, refresh):
        OPTIONS.note("secrets", secret=secret)
    return web.json_response({"access_token": access, "refresh_token": refresh})


async def register(request):
    body = await request.json()
    if body["email"] in accounts:
        raise web.HTTPConflict
    accounts[body["email"]] = {"id": str(uuid.uuid4()), **body}
    return web.json_response({}, status=201)


async def login(request):
    body = await request.json()
    account = accounts.get(body["email"])
    if account is None or account["password"] != body["password"]:
        raise web.HTTPUnauthorized
    return tokens(account)


async def refresh(request):
    token = (await request.json())["refresh_token"]
    known = refreshes.get(token) if CREDULOUS else refreshes.pop(token, None)
    if known is None or (known[1] in ended and not believed("a login that ended")):
        raise web.HTTPUnauthorized
    return tokens(known[0])


async def logout(request):
    _, login = user_of(request)
    ended.add(login)
    for session in sessions.values():
        for socket in session.sockets if session.login == login and not CREDULOUS else ():
            await socket.close(code=1008)
    return web.json_response({})


async def keys(_request):
    return web.json_response(
        {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))]}
    )


async def main():
    app = web.Application()
    app.router.add_get("/users/{user}/ws", ws)
    app.router.add_route("*", "/users/{user}/chats/{chat}", chat)
    app.router.add_get("/keys", keys)
    for does in (register, login, refresh, logout):
        app.router.add_post(f"/{does.__name__}", does)
    await serve(app)


asyncio.run(main())
