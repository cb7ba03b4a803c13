"""Memories are kept under the user that structlog's context variables name, by a thread pool.

`loop.run_in_executor` does not carry the context into the thread, `asyncio.to_thread` does.
bad: run_in_executor, so that in the thread there is no user, and all share the memories of
nobody · fixed: to_thread.
"""

import asyncio

from structlog import contextvars
from wire import Lab, Turn

LAB = Lab("bad", "fixed")
memories: dict[str | None, str] = {}


def exchange(text: str) -> str:
    """Keep this text; what was kept before it."""
    user = contextvars.get_contextvars().get("user")
    before = memories.get(user, "nothing")
    memories[user] = text
    return before


async def answer(turn: Turn) -> str:
    contextvars.bind_contextvars(user=turn.user)
    if LAB.mode == "bad":
        before = await asyncio.get_running_loop().run_in_executor(None, exchange, turn.text)
    else:
        before = await asyncio.to_thread(exchange, turn.text)
    return f"As to {turn.text} Before that you said: {before}"


asyncio.run(LAB.serve(answer))
