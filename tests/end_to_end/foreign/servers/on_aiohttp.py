"""What the foreign servers on aiohttp share: a free port, and tasks that end with their socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from aiohttp import WSMsgType, web
from hosting import ready


def listen(path: str, upgraded: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> None:
    """Serve WebSockets at a path of a free port, until the process ends."""
    asyncio.run(_listen(path, upgraded))


async def hear(
    socket: web.WebSocketResponse, does: Callable[[Any], Coroutine[Any, Any, None]]
) -> None:
    """Do something with each message, none waiting for another, until the socket closes."""
    tasks = set()
    async for received in socket:
        if received.type is WSMsgType.TEXT:
            tasks.add(asyncio.create_task(does(json.loads(received.data))))
    for task in tasks:
        task.cancel()


async def _listen(
    path: str, upgraded: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> None:
    app = web.Application()
    app.router.add_get(path, upgraded)
    await serve(app)


async def serve(app: web.Application) -> None:
    """Serve on a free port, and say which, until the process ends."""
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ready(runner.addresses[0][1])
    await asyncio.Event().wait()
