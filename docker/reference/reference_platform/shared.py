"""What workers share through Redis when they are given one: messages, answers, sessions."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging

import orjson
import redis.asyncio as redis
from redis.exceptions import RedisError

from reference_platform.agent.cache import TTL_S
from reference_platform.bus import Body, Handlers
from reference_platform.nouns import SessionId, UserId, fresh_id

_LOG = logging.getLogger(__name__)
_SESSION_TTL_S = 86_400
_RETRY_S = 0.5
_FAREWELL_S = 0.3


def connect(url: str) -> redis.Redis:
    """A client of the Redis at this URL; it connects when it is first used."""
    return redis.Redis.from_url(url)


def namespace(service_secret: str) -> str:
    """A prefix for keys and channels: platforms with different secrets do not meet."""
    return "reference:" + hashlib.sha256(service_secret.encode()).hexdigest()[:12]


class RedisBus(Handlers):
    """A bus over publish and subscribe; it joins services that share nothing else."""

    alone = False

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        """Speak over one channel under this prefix."""
        super().__init__()
        self._client = client
        self._channel = f"{prefix}:bus"
        self._name = fresh_id()
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Subscribe; raises RedisError when there is no Redis."""
        pubsub = self._client.pubsub(ignore_subscribe_messages=True)
        await pubsub.subscribe(self._channel)
        self._tasks = [
            asyncio.create_task(self._listen(pubsub)),
            asyncio.create_task(self._speak()),
        ]

    def publish(self, kind: str, body: Body) -> None:
        """Tell this worker, then the others."""
        self.hear(kind, body)
        message = {"from": self._name, "kind": kind, "body": body}
        self._outgoing.put_nowait(orjson.dumps(message))

    async def close(self) -> None:
        """Say what is queued, then hang up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._outgoing.join()
        for task in self._tasks:
            task.cancel()
        await self._client.aclose()

    async def _speak(self) -> None:
        while True:
            message = await self._outgoing.get()
            try:
                await self._client.publish(self._channel, message)
            except RedisError:
                _LOG.exception("a message to other workers was lost")
            finally:
                self._outgoing.task_done()

    async def _listen(self, pubsub: redis.client.PubSub) -> None:
        while True:
            try:
                async for item in pubsub.listen():
                    message = orjson.loads(item["data"])
                    if message["from"] != self._name:
                        self.hear(message["kind"], message["body"])
            except RedisError:
                _LOG.exception("the bus is interrupted")
                await asyncio.sleep(_RETRY_S)


class RedisStore:
    """Cached answers for all workers."""

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        """Keep entries under this prefix."""
        self._client = client
        self._prefix = f"{prefix}:answer:"

    async def get(self, key: str) -> bytes | None:
        """The entry under this key; none when Redis does not answer."""
        try:
            entry = await self._client.get(self._prefix + key)
        except RedisError:
            _LOG.exception("the answer cache was not read")
            return None
        return entry if isinstance(entry, bytes) else None

    async def put(self, key: str, entry: bytes) -> None:
        """Keep an entry, if Redis answers."""
        try:
            await self._client.set(self._prefix + key, entry, ex=TTL_S)
        except RedisError:
            _LOG.exception("the answer cache was not written")


class RedisRegistry:
    """Which user each session belongs to, for all workers to look up."""

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        """Keep entries under this prefix."""
        self._client = client
        self._prefix = f"{prefix}:session:"

    async def enter(self, session_id: SessionId, user_id: UserId) -> None:
        """Note a new session."""
        await self._client.set(self._key(session_id, user_id), b"open", ex=_SESSION_TTL_S)

    async def known(self, session_id: SessionId, user_id: UserId) -> bool:
        """Whether some worker may hold this session of this user."""
        return bool(await self._client.exists(self._key(session_id, user_id)))

    def _key(self, session_id: SessionId, user_id: UserId) -> str:
        return f"{self._prefix}{user_id}:{session_id}"
