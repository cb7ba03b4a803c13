"""Tells the master, or the one process that there is, what a recorder wrote.

It may neither hold up nor break the recorder: what cannot be told now waits for the next time.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import gevent

from locustfiles.driving.live.digest import Digest
from locustfiles.driving.recorder import Recorder

LIVE = "crosstalk_live"
APART_SECONDS = 0.5
"""Between two messages of one process, unless somebody's words reached somebody new."""
log = logging.getLogger(__name__)


class Teller:
    """Sends the digest of one process's recorder in Locust's own messages."""

    def __init__(self, runner: Any, recorder: Recorder, digest: Digest) -> None:  # noqa: ANN401 - Locust is untyped
        self._runner = runner
        self._digest = digest
        self._next_s = 0.0
        self._sending: gevent.Greenlet | None = None
        recorder.onlooker = digest
        recorder.on_written = self._written

    def _written(self) -> None:
        if time.monotonic() >= self._next_s or self._digest.urgent:
            self.tell()

    def tell(self) -> None:
        """Tell all that there is, unless the last message is still on its way."""
        if self._sending is None or self._sending.dead:
            self._next_s = time.monotonic() + APART_SECONDS
            self._sending = gevent.spawn(self._send, self._digest.told())

    def _send(self, told: dict[str, Any]) -> None:
        try:
            self._runner.send_message(LIVE, told)
        except Exception as error:  # noqa: BLE001 - a master that is gone is no fault of the evidence
            log.debug("the live page was not told: %r", error)
