"""A circuit breaker: stops asking something that keeps failing, and tries again later."""

from __future__ import annotations

import time
from collections.abc import Callable

from reference_platform.nouns import PlatformError


class CircuitBreaker:
    """Opens after some failures in a row; lets one trial through when its pause is over."""

    def __init__(
        self,
        *,
        failures: int = 5,
        pause_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open after `failures` in a row, for `pause_s`."""
        self._failures = failures
        self._pause_s = pause_s
        self._clock = clock
        self._failed = 0
        self._open_until = 0.0

    def check(self) -> None:
        """Ask leave for a call.  Raises PlatformError while the circuit is open."""
        if self._failed < self._failures:
            return
        now = self._clock()
        if now < self._open_until:
            raise PlatformError("model_unavailable", "the model is not available; try again later")
        self._open_until = now + self._pause_s  # this caller is the trial

    def succeeded(self) -> None:
        """A call came back: the circuit is closed."""
        self._failed = 0

    def failed(self) -> None:
        """A call failed."""
        self._failed += 1
        if self._failed >= self._failures:
            self._open_until = self._clock() + self._pause_s
