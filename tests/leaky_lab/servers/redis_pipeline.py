"""Results come over Redis, in a pipeline that also counts; who leaves cuts a pipeline short.

CVE-2023-28858: redis-py before 4.5.3 gives the connection of a cancelled asyncio pipeline back
to its pool with the replies still to come.  The next pipeline reads those as its own, and leaves
its own for the one after.
bad: redis 4.5.1 · fixed: 4.5.3, which hangs such a connection up.  The code is the same.
For a command by itself 4.5.3 does not: `redis_cancelled`.
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
    async with agents.pipeline(transaction=False) as pipeline:
        pipeline.blpop(f"result:{turn.user}:{turn.request}", timeout=5).incr("answered")
        (_, result), _ = await pipeline.execute()
    return f"You asked: {turn.text} I {result}"


asyncio.run(LAB.serve(answer))
