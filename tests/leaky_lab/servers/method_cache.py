"""Recollections are cached with dogpile.cache, by a method of an object that each user has.

dogpile's key of a function call leaves `self` out, as its documentation says: for a method
whose object is the user, all users have one key.
bad: the user is an attribute of `self` · fixed: the user is an argument, so part of the key.
"""

import asyncio

from dogpile.cache import make_region
from wire import Lab, Turn

LAB = Lab("bad", "fixed")
region = make_region().configure("dogpile.cache.memory", expiration_time=60)
memories: dict[str, str] = {}


class Assistant:
    """A user's own assistant."""

    def __init__(self, user: str) -> None:
        self.user = user

    @region.cache_on_arguments()
    def recall(self, question: str) -> str:  # noqa: ARG002 - part of the key
        """What this assistant's user told."""
        return memories.get(self.user, "nothing")

    @region.cache_on_arguments()
    def recall_of(self, user: str, question: str) -> str:  # noqa: ARG002 - part of the key
        """What a user told."""
        return memories.get(user, "nothing")


async def answer(turn: Turn) -> str:
    assistant = Assistant(turn.user)
    if turn.tells:
        memories[turn.user] = turn.text
    if not turn.asks_back:
        return f"As to {turn.text}"
    if LAB.mode == "bad":
        return f"You told me: {assistant.recall(turn.text)}"
    return f"You told me: {assistant.recall_of(turn.user, turn.text)}"


asyncio.run(LAB.serve(answer))
