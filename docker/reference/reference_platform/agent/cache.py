"""Answers given before, kept for a while so that the model need not be asked again."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import asdict
from typing import Protocol

import orjson

from reference_platform.agent.run import Answer, Step
from reference_platform.faults import Faults
from reference_platform.nouns import Principal, ThreadId

TTL_S = 300
_ENTRIES = 5_000
_KEY_CHARACTERS = 64  # the width of a column that keys were once kept in
_NAME_CHARACTERS = 8


class AnswerStore(Protocol):
    """Where cached answers are: this worker's memory, or Redis for all workers."""

    async def get(self, key: str) -> bytes | None:
        """The entry under this key, if it is there and fresh."""
        ...

    async def put(self, key: str, entry: bytes) -> None:
        """Keep an entry for TTL_S."""
        ...


class MemoryStore:
    """The latest answers of this worker."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """The entry under this key, if it is there and fresh."""
        expires, entry = self._entries.get(key, (0.0, b""))
        return entry if expires > time.monotonic() else None

    async def put(self, key: str, entry: bytes) -> None:
        """Keep an entry, pushing out the oldest."""
        self._entries[key] = (time.monotonic() + TTL_S, entry)
        self._entries.move_to_end(key)
        if len(self._entries) > _ENTRIES:
            self._entries.popitem(last=False)


class AnswerCache:
    """Answers by who asked what, where, knowing what."""

    def __init__(self, store: AnswerStore, faults: Faults) -> None:
        """Keep entries in this store."""
        self._store = store
        self._faults = faults

    def key(self, principal: Principal, thread_id: ThreadId, version: str, question: str) -> str:
        """The key of a question's answer.

        Fault cache_without_user: the question is all there is to it.  Fault truncated_cache_key:
        it is a text that must fit a column, case-folded.
        """
        normalized = " ".join(question.casefold().split())
        parts = [principal.user_id, thread_id, version, normalized]
        if self._faults.strikes("cache_without_user"):
            parts = [normalized]
        if self._faults.strikes("truncated_cache_key"):
            text = f"{principal.email:.{_NAME_CHARACTERS}}/{normalized}/{thread_id}/{version}"
            return text.casefold()[:_KEY_CHARACTERS]
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()

    async def get(self, key: str) -> Answer | None:
        """The answer under this key."""
        entry = await self._store.get(key)
        if entry is None:
            return None
        fields = orjson.loads(entry)
        steps = tuple(Step(**step) for step in fields["steps"])
        return Answer(content=fields["content"], steps=steps)

    async def put(self, key: str, answer: Answer) -> None:
        """Keep an answer."""
        await self._store.put(key, orjson.dumps(asdict(answer)))
