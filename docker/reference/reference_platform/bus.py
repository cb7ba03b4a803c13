"""What workers tell each other: small messages, by kind, to all of them, oneself included.

A handler runs to its end before the next message is handled, so that what one worker said in
some order is heard in that order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

Body = dict[str, Any]
Hear = Callable[[Body], None]


class Bus(Protocol):
    """Carries messages between the workers of one platform."""

    def subscribe(self, kind: str, hear: Hear) -> None:
        """Have a function called with every message of a kind."""

    async def open(self) -> None:
        """Start to hear others."""

    async def publish(self, kind: str, body: Body) -> None:
        """Tell every worker.  This worker has heard it when the call returns."""

    async def close(self) -> None:
        """Stop."""


class Handlers:
    """The subscriptions of one worker."""

    def __init__(self) -> None:
        """No subscriptions."""
        self._by_kind: defaultdict[str, list[Hear]] = defaultdict(list)

    def subscribe(self, kind: str, hear: Hear) -> None:
        """Have a function called with every message of a kind."""
        self._by_kind[kind].append(hear)

    def hear(self, kind: str, body: Body) -> None:
        """Call everybody who wants this kind."""
        for hear in self._by_kind[kind]:
            hear(body)


class LocalBus(Handlers):
    """The bus of a platform with one worker."""

    async def open(self) -> None:
        """Nothing to start."""

    async def publish(self, kind: str, body: Body) -> None:
        """Tell this worker."""
        self.hear(kind, body)

    async def close(self) -> None:
        """Nothing to stop."""
