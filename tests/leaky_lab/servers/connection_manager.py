"""A `ConnectionManager` on Starlette and uvicorn, as FastAPI's tutorial of WebSockets has one.

bad: events go out by its `broadcast`, which is for chat rooms · fixed: by `send_to`, to the
connection that the question came over.
"""

import asyncio
import socket

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from wire import Lab, ready

LAB = Lab("bad", "fixed")


class ConnectionManager:
    """Everybody who is connected."""

    def __init__(self) -> None:
        self.active: dict[WebSocket, str] = {}

    async def broadcast(self, text: str) -> None:
        """Send to everybody."""
        for connection, user in list(self.active.items()):
            LAB.confess(user, text)
            await self.send_to(connection, text)

    async def send_to(self, connection: WebSocket, text: str) -> None:
        """Send to one."""
        try:
            await connection.send_text(text)
        except (RuntimeError, WebSocketDisconnect):
            self.active.pop(connection, None)


manager = ConnectionManager()


async def work(turn) -> str:
    return f"As to {turn.text}"


async def handle(connection: WebSocket) -> None:
    user = LAB.user_of(connection.headers.get("Authorization", ""))
    if user is None:
        await connection.close(1008)
        return
    await connection.accept()
    manager.active[connection] = user
    turns = set()

    async def send(text: str) -> None:
        if LAB.mode == "bad":
            await manager.broadcast(text)
        else:
            await manager.send_to(connection, text)

    try:
        while True:
            turn = LAB.take(user, await connection.receive_text(), send)
            turns.add(asyncio.create_task(LAB.answer(turn, work)))
    except WebSocketDisconnect:
        manager.active.pop(connection, None)
        for task in turns:
            task.cancel()


async def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[WebSocketRoute("/ws", handle)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    ready(listening.getsockname()[1])
    await server.serve(sockets=[listening])


asyncio.run(main())
