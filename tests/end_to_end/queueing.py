"""A target of which everything is known: so many servers, a service time, a stall at a known time.

    python tests/end_to_end/queueing.py --servers 4 --service-ms 10 --stall-at 3 --stall-for 2

A WebSocket server that answers `{"id", "text"}` with `{"id", "text", "type": "answer"}` once one
of its servers was free and had worked for the service time: constant, or exponential with
`--law exponential`.  Times count from the first question.  It says its port in one line, and ends
with its input.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
import time

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Queue:
    """One queue before all servers, first come first served."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.free = asyncio.Semaphore(options.servers)
        self.drawn = random.Random(options.seed)
        self.began: float | None = None

    async def served(self) -> None:
        """Wait for a server and its work; during the stall nobody works."""
        if self.began is None:
            self.began = time.monotonic()
        async with self.free:
            mean = self.options.service_ms / 1000
            drawn = self.drawn.expovariate(1 / mean) if self.options.law == "exponential" else mean
            await asyncio.sleep(drawn)
            stalled = self.options.stall_at + self.options.stall_for
            passed = time.monotonic() - self.began
            if self.options.stall_at <= passed < stalled:
                await asyncio.sleep(stalled - passed)

    async def talk(self, ws: ServerConnection) -> None:
        """Answer every question of a session, each in its own time."""
        async with asyncio.TaskGroup() as answers:
            async for message in ws:
                answers.create_task(self.answer(ws, json.loads(message)))

    async def answer(self, ws: ServerConnection, asked: dict) -> None:
        """Answer one, when it was served."""
        await self.served()
        with contextlib.suppress(ConnectionClosed):  # whoever asked has gone
            await ws.send(json.dumps({**asked, "type": "answer"}))


async def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", type=int, default=4)
    parser.add_argument("--service-ms", type=float, default=10)
    parser.add_argument("--law", default="constant")
    parser.add_argument("--stall-at", type=float, default=1e9)
    parser.add_argument("--stall-for", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    queue = Queue(parser.parse_args())
    async with serve(queue.talk, "127.0.0.1", 0, compression=None) as server:
        sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
