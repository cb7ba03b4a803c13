"""Results come over Redis; a question that is cancelled leaves its reply on the connection.

CVE-2023-28859: redis-py before 4.5.4 gives the connection of a cancelled asyncio command back to
its pool with the reply still to come.  The next borrower reads that reply as its own, and leaves
its own for the one after: off by one.  ChatGPT showed its users each other's titles so, in March
2023; 4.5.3 mended it for pipelines only, which `redis_pipeline` shows.
bad: redis 4.5.3 · fixed: redis 4.5.5, which hangs such a connection up.  The code is the same.
"""

import asyncio
import os

import redis.asyncio as redis
from wire import Lab, Turn

LAB = Lab("bad", "fixed")
SEARCH_SECONDS = 0.3
agents = redis.Redis.from_url(os.environ["LAB_REDIS"], decode_responses=True)
workers = redis.Redis.from_url(os.environ["LAB_REDIS"], decode_responses=True)
at_work = set()


async def search(turn: Turn) -> None:
    """What a worker elsewhere does: it takes its time, and delivers to whoever waits."""
    await asyncio.sleep(SEARCH_SECONDS)
    await workers.rpush(f"result:{turn.user}:{turn.request}", f"found for {turn.text}")
    await workers.expire(f"result:{turn.user}:{turn.request}", 5)


async def answer(turn: Turn) -> str:
    task = asyncio.create_task(search(turn))
    at_work.add(task)
    task.add_done_callback(at_work.discard)
    _, result = await agents.blpop(f"result:{turn.user}:{turn.request}", timeout=5)
    return f"You asked: {turn.text} I {result}"


asyncio.run(LAB.serve(answer))
