"""A stand-in for a language model: takes its time, and phrases what it was given.

It invents nothing: an answer is the question, what tools and memories returned, and filler.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from reference_platform.agent.breaker import CircuitBreaker
from reference_platform.faults import Faults
from reference_platform.nouns import PlatformError
from reference_platform.settings import Latency

_CALL_LIMIT_S = 18.0
_FIRST_PAUSE_LIMIT_S = 0.03
_COLD_REPLICA_S = (6.0, 12.0)
_PIECES = (6, 12)
_TOKEN_CHARACTERS = 6
_AT_LENGTH = re.compile(r"\bthink\b.{0,40}\bat length\b", re.IGNORECASE)
_LONGER = 4  # how many times as long a model takes that is asked to reason
_CAPACITY = 4  # answers that a model makes at once before it counts as overloaded
_LANES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How one answer's time is spent, in seconds."""

    thinking_s: float
    planning_s: float
    tool_s: float
    piece_s: tuple[float, ...]  # one pause for each streamed piece
    stall_s: float


@dataclass(slots=True)
class Buffer:
    """What a model has written."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """A text on its way out of a buffer, and the parts that it comes in."""

    buffer: Buffer
    parts: tuple[slice, ...]


class Model:
    """One model endpoint that all runs of a worker call."""

    def __init__(self, latency: Latency, faults: Faults, seed: str) -> None:
        """Draw latencies from this distribution; the same seed draws the same ones."""
        self._latency = latency
        self._faults = faults
        self._dice = random.Random(f"{seed}/model")
        self._breaker = CircuitBreaker()
        self._answering = 0
        self._lanes = asyncio.Semaphore(_LANES)
        self._buffer = Buffer()

    def pace(self, question: str) -> Pace:
        """Draw how long the answer takes, and in which steps; longer where it shall be long.

        Fault slow_tail: the call is routed to a replica that is still loading.
        """
        total = self._dice.lognormvariate(self._latency.mu, self._latency.sigma)
        if _AT_LENGTH.search(question):
            total *= _LONGER
        pieces = self._dice.randint(*_PIECES)
        cold = self._faults.strikes("slow_tail")
        dice = self._faults.dice("slow_tail") if cold else self._dice
        return Pace(
            thinking_s=min(_FIRST_PAUSE_LIMIT_S, 0.1 * total),
            planning_s=0.2 * total,
            tool_s=0.2 * total,
            piece_s=(0.5 * total / pieces,) * pieces,
            stall_s=dice.uniform(*_COLD_REPLICA_S) if cold else 0.0,
        )

    async def think(self, seconds: float) -> None:
        """Wait for the model.  Raises PlatformError when it fails or is known to be down."""
        self._breaker.check()
        try:
            async with asyncio.timeout(_CALL_LIMIT_S):
                await asyncio.sleep(seconds)
        except TimeoutError:
            self._breaker.failed()
            raise PlatformError("model_timeout", "the model did not answer in time") from None
        self._breaker.succeeded()

    @contextlib.contextmanager
    def answering(self) -> Iterator[bool]:
        """Make an answer; tells whether to make do without the model.

        Fault fake_success: that is what an overloaded model's callers do.
        """
        self._answering += 1
        try:
            yield self._answering > _CAPACITY and self._faults.strikes("fake_success")
        finally:
            self._answering -= 1

    @contextlib.asynccontextmanager
    async def lane(self) -> AsyncIterator[None]:
        """Have the model to oneself, as far as one can tell.

        Fault noisy_neighbour: all wait for the same few lanes.
        """
        if not self._faults.strikes("noisy_neighbour"):
            yield
            return
        async with self._lanes:
            yield

    def stream(self, text: str, count: int) -> Stream:
        """Stream a text in about `count` parts.

        Fault split_leak: by a few characters, out of the buffer that every stream reads.
        """
        if not self._faults.strikes("split_leak"):
            return Stream(Buffer(text), tuple(self.pieces(len(text), count)))
        self._buffer.text = text
        starts = range(0, len(text), _TOKEN_CHARACTERS)
        return Stream(self._buffer, tuple(slice(s, s + _TOKEN_CHARACTERS) for s in starts))

    def pieces(self, length: int, count: int) -> Iterator[slice]:
        """Cut a text of `length` into at most `count` pieces, anywhere, words included."""
        count = min(count, length)
        cuts = sorted(self._dice.sample(range(1, length), count - 1)) if count > 1 else []
        for start, end in zip([0, *cuts], [*cuts, length], strict=True):
            yield slice(start, end)


def shorten(text: str, characters: int) -> str:
    """A text on one line, cut off where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= characters else line[: characters - 1] + "…"
