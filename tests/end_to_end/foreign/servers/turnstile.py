"""A form logs in and sets a cookie, a cookie buys a ticket, and a ticket opens one connection.

Events are Pusher's: JSON within a string, for whoever is on the user's channel, all tabs alike.
`last_ticket`: a connection is its user's who was given the last ticket, not its own.
"""

import asyncio
import json
import secrets

from aiohttp import web
from hosting import options
from on_aiohttp import hear, serve

OPTIONS = options("last_ticket")
logins: dict[str, str] = {}
tickets: dict[str, str] = {}
last_given: list[str] = [""]
channels: dict[str, dict[web.WebSocketResponse, str]] = {}


async def login(request):
    form = await request.post()
    if not form.get("email") or not form.get("password"):
        raise web.HTTPUnauthorized
    sid = secrets.token_urlsafe(24)
    logins[sid] = str(form["email"])
    OPTIONS.note("secrets", secret=sid)
    OPTIONS.note("secrets", secret=str(form["password"]))
    leads_on = web.HTTPSeeOther("/home")
    leads_on.set_cookie("sid", sid, httponly=True)
    raise leads_on


async def ticket(request):
    user = logins.get(request.cookies.get("sid", ""))
    if user is None:
        raise web.HTTPUnauthorized
    given = secrets.token_urlsafe(24)
    tickets[given] = last_given[0] = user
    OPTIONS.note("secrets", secret=given)
    return web.json_response({"data": {"ticket": given}})


def event(name, **data):
    return {"event": name, "data": json.dumps(data)}


def called(email):
    """The name before the first dot: by nothing else does anybody know these users."""
    return email.partition(".")[0]


async def publish(channel, asker, text, name, **data):
    for socket, listener in list(channels[channel].items()):
        try:
            await socket.send_json(event(name, **data))
        except ConnectionError:
            continue
        OPTIONS.confess(called(asker), called(listener), text)


async def answer(channel, asker, message):
    asked = json.loads(message["data"])
    about = {"ref": asked["ref"]}
    await publish(channel, asker, "", "agent:started", **about)
    said = f"As to {asked['text']} I would wait."
    for at in range(0, len(said), 40):
        await publish(channel, asker, said, "agent:piece", **about, piece=said[at : at + 40])
        await asyncio.sleep(0.005)
    await publish(channel, asker, "", "agent:finished", **about)


async def connect(request):
    asker = tickets.pop(request.query.get("ticket", ""), None)
    if asker is None:
        raise web.HTTPUnauthorized
    await asyncio.sleep(0.05)  # it looks the user up
    channel = last_given[0] if OPTIONS.bug == "last_ticket" else asker
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    channels.setdefault(channel, {})[socket] = asker
    await socket.send_json(event("connected", email=channel))
    await hear(socket, lambda message: answer(channel, asker, message))
    del channels[channel][socket]
    return socket


async def main():
    app = web.Application()
    app.router.add_post("/login", login)
    app.router.add_post("/ticket", ticket)
    app.router.add_get("/socket", connect)
    await serve(app)


asyncio.run(main())
