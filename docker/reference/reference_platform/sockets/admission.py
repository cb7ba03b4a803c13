"""Who may open one more socket: every user has a number of places on each worker."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from reference_platform.faults import Faults
from reference_platform.nouns import PlatformError, UserId

PLACES = 8
_SETTLE_S = 0.08  # what a readiness check waits before it looks again
_LOOKS = 2

Probe = Callable[[], Awaitable[object]]


class Admission:
    """Gives out places, and takes them back."""

    def __init__(self, faults: Faults, probes: Sequence[Probe], places: int = PLACES) -> None:
        """Allow each user so many sockets at once; probes tell whether the worker is ready."""
        self._faults = faults
        self._probes = probes
        self._places = places
        self._taken: Counter[UserId] = Counter()
        self._checking = asyncio.Lock()

    async def ready(self) -> None:
        """Let a connect go on.

        Fault connect_stall: only when every part has answered twice, one after the other, and
        for one connect at a time.
        """
        if not self._faults.strikes("connect_stall"):
            return
        async with self._checking:
            for probe in self._probes:
                for _ in range(_LOOKS):
                    await probe()
                    await asyncio.sleep(_SETTLE_S)

    def enter(self, user_id: UserId) -> None:
        """Take a place.  Raises PlatformError when the user has none left."""
        if self._taken[user_id] >= self._places:
            raise PlatformError(
                "too_many_connections", f"at most {self._places} sockets of a user at once"
            )
        self._taken[user_id] += 1

    def leave(self, user_id: UserId) -> None:
        """Give a place back.

        Fault slot_leak: only a goodbye would, and closed sockets do not say one.
        """
        if self._faults.strikes("slot_leak"):
            return
        self._taken[user_id] -= 1
        if not self._taken[user_id]:
            del self._taken[user_id]
