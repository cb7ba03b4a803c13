"""The plain wire, of no use: it is silent, errs, answers canned text, refuses, or hangs up.

`forgets` answers as it should, but drops every connection after a few answers.
"""

import asyncio
import contextlib
import itertools
import json
import time

from hosting import options, ready
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

OPTIONS = options("silent", "errors", "canned", "refuses", "denies", "forgets", "few")
admitted = itertools.count()
EVENTS = ("agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed")


def refuse(connection, _request):
    number = next(admitted)
    if OPTIONS.bug == "refuses" or (OPTIONS.bug == "few" and number >= 4):
        return connection.respond(401, "who are you?\n")
    return None


async def handle(connection):
    if OPTIONS.bug == "denies":
        await connection.send(json.dumps({"type": "error", "payload": {"code": "AUTH"}}))
        await connection.close(1008)
        return
    answered = itertools.count(1)
    async for raw in connection:
        message = json.loads(raw)
        about = {"request_id": message["request_id"], "thread_id": message["request_id"]}
        if OPTIONS.bug == "silent":
            continue
        if OPTIONS.bug == "errors":
            await connection.send(json.dumps({"type": "agent_error", **about}))
            continue
        said = message["payload"]["content"]
        if OPTIONS.bug == "canned":
            said = "I have helped you with that!"
        for kind in EVENTS:
            await asyncio.sleep(0.005)
            event = {"type": kind, **about, "timestamp": time.time(), "payload": {"content": said}}
            await connection.send(json.dumps(event))
            if OPTIONS.bug == "forgets" and kind == "agent_thinking" and next(answered) == 6:
                OPTIONS.note("dropped", at=time.time())
                connection.transport.abort()
                return


async def quietly(connection):
    with contextlib.suppress(ConnectionClosed):
        await handle(connection)


async def main():
    async with serve(quietly, "127.0.0.1", 0, process_request=refuse) as server:
        ready(server.sockets[0].getsockname()[1])
        await server.serve_forever()


asyncio.run(main())
