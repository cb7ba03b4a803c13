"""The agent reads a Flask service behind it as each user, through one shared HTTP cache: hishel.

CVE-2023-30861: Flask before 2.2.5 sends a permanent session's cookie again with every response,
and where the page did not look at the session, without `Vary: Cookie`.  A cache that many share
then hands one user's cookie to whoever asks for that page next, who goes on as that user.
bad: flask 2.2.4 · fixed: 2.2.5, which says what the response depends on.  The code is the same.
misused: 2.2.5 without a secret key; Flask keeps no session then, and lets nobody log in.
"""

import asyncio
import functools
import logging
import secrets
import threading

import anysqlite
import flask
import httpx
from hishel import AsyncSqliteStorage, CacheOptions, SpecificationPolicy
from hishel.httpx import AsyncCacheTransport
from werkzeug.serving import make_server
from wire import Lab, Turn

LAB = Lab("bad", "fixed", "misused")
service = flask.Flask(__name__)
service.secret_key = None if LAB.mode == "misused" else secrets.token_bytes(32)
kept: dict[str, str] = {}


@service.post("/login")
def login() -> str:
    flask.session.permanent = True
    flask.session["user"] = flask.request.get_data(as_text=True)
    return "welcome"


@service.get("/rules")
def rules() -> flask.Response:
    """The same for everybody, so it may be kept for some seconds."""
    return flask.Response("Be kind.", headers={"Cache-Control": "max-age=3"})


@service.post("/notes")
def note() -> str:
    """Keep a note; give back the one before."""
    user = flask.session["user"]
    before = kept.get(user, "nothing")
    kept[user] = flask.request.get_data(as_text=True)
    return before


def start_service() -> str:
    """Serve Flask in threads of its own; return its address."""
    logging.disable(logging.ERROR)  # every request, and what is refused
    server = make_server("127.0.0.1", 0, service, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.port}"


async def main() -> None:
    address = start_service()
    shared = AsyncCacheTransport(
        httpx.AsyncHTTPTransport(),
        storage=AsyncSqliteStorage(connection=await anysqlite.connect(":memory:")),
        policy=SpecificationPolicy(CacheOptions(shared=True)),
    )

    @functools.cache
    def client_of(_user: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=address, transport=shared)

    async def answer(turn: Turn) -> str:
        client = client_of(turn.user)
        if "session" not in client.cookies:
            (await client.post("/login", content=turn.user)).raise_for_status()
        rules = await client.get("/rules")
        before = await client.post("/notes", content=turn.text)
        before.raise_for_status()
        return f"{rules.text} As to {turn.text} You noted before: {before.text}"

    await LAB.serve(answer)


asyncio.run(main())
