"""What all sources do that get tokens themselves: once for each principal, and fresh in time."""

from __future__ import annotations

import abc
import time

import gevent
from gevent.lock import BoundedSemaphore

from locustfiles.driving.principals import Principal
from locustfiles.driving.tokens.fresh import stale

AT_ONCE = 4
"""Logins that are under way at once."""


class Keeping(abc.ABC):
    """Gets a principal's token once, and a fresh one before it runs out."""

    def __init__(self) -> None:
        self._renewing: dict[str, BoundedSemaphore] = {}

    @abc.abstractmethod
    def _first(self, principal: Principal) -> None:
        """Get its first token.  Raises AuthError."""

    @abc.abstractmethod
    def _again(self, principal: Principal) -> None:
        """Get a fresh one; nobody else does so for this principal meanwhile.  Raises AuthError."""

    def token(self, principal: Principal) -> str:
        """Get it once; afterwards what is kept, made fresh when it runs out."""
        if principal.access is None:
            self._first(principal)
        else:
            self.renew(principal)
        assert principal.access is not None
        return principal.access

    def renew(self, principal: Principal) -> bool:
        """Make a token fresh that runs out soon; whether there is a new one."""
        if principal.access is None or not stale(principal):
            return False
        with self._alone(principal):
            # a refresh token that is used twice may cost the account all its tokens
            if not stale(principal):
                return False
            self._again(principal)
            return True

    def _alone(self, principal: Principal) -> BoundedSemaphore:
        """Held while a principal's tokens are exchanged."""
        return self._renewing.setdefault(principal.id, BoundedSemaphore())


class Gate:
    """Where logins queue: so many a second at most, and few at once."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._few = BoundedSemaphore(AT_ONCE)
        self._next_s = 0.0

    def __enter__(self) -> None:
        now = time.monotonic()
        self._next_s = max(now, self._next_s + 1 / self._pace)
        gevent.sleep(self._next_s - now)
        self._few.acquire()

    def __exit__(self, *_: object) -> None:
        self._few.release()
