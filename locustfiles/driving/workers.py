"""What a master knows of its workers: which are its own, and whether all of them have come.

A worker says who it is when it can take orders.  One that was forked by another Locust is
sent away: it may be left over from an earlier run on the same port.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from typing import Any

import gevent
import gevent.os
import psutil

from isolation_checks.errors import EXIT_BROKEN, HarnessError

HERE = "crosstalk_here"
LEAVE = "crosstalk_leave"
ANNOUNCE_SECONDS = 5.0
"""How long a worker that is connected may take to say who it is."""
COME_SECONDS = 30.0
"""How long workers that were forked from this process may take to come."""
LEAVE_SECONDS, END_SECONDS = 10.0, 10.0
"""How long a worker that was told to go may take, and one that was then terminated."""
POLL_SECONDS = 0.2
ALWAYS_SECONDS = 10 * 365 * 86_400.0
log = logging.getLogger(__name__)


def remember_ended() -> None:
    """Have gevent remember, as long as this process lives, how its children ended.

    It forgets them after a minute, and a judgement may take longer.  Locust would then ask for
    them in vain, for three seconds and in tens of thousands of lines, and signal process ids
    that may be somebody else's by now.
    """
    gevent.os._reap_children.__defaults__ = (ALWAYS_SECONDS,)  # noqa: SLF001 - no public way


class Workers:
    """The workers of one master."""

    def __init__(
        self,
        runner: Any,  # noqa: ANN401 - Locust is untyped
        *,
        forked: int,
        nonce: str,
        joined: Callable[[str], None],
    ) -> None:
        """`forked` workers were forked from this process; `joined` is told of each that comes."""
        self._runner = runner
        self._forked = forked
        self._nonce = nonce if forked else None
        self._joined = joined
        self._here: set[str] = set()
        self._strangers: set[str] = set()
        self._children = psutil.Process().children() if forked else []
        if forked:
            remember_ended()
        runner.register_message(HERE, self._announced)

    def _announced(self, environment: Any, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - Locust's signature
        client = msg.node_id
        if msg.data["nonce"] != self._nonce:
            log.warning("a worker of another Locust came and is sent away: %s", client)
            self._strangers.add(client)
            self._runner.send_message(LEAVE, None, client)
            return
        self._here.add(client)
        self._joined(client)

    def gathered(self) -> list[str]:
        """Who takes part, in order; it waits until everyone who is connected has said who it is.

        Raises:
            HarnessError: somebody did not, or of those who were forked not all are here.
        """
        limit = time.monotonic() + ANNOUNCE_SECONDS
        while (missing := self._missing()) and time.monotonic() < limit:
            gevent.sleep(POLL_SECONDS)
        if missing:
            raise HarnessError(f"{missing}; it may have crashed while it started")
        return sorted(self._connected() & self._here)

    def _connected(self) -> set[str]:
        clients = self._runner.clients
        everyone = clients.ready + clients.running + clients.spawning
        return {client.id for client in everyone} - self._strangers

    def _missing(self) -> str:
        connected = self._connected()
        mute = sorted(connected - self._here)
        if mute:
            return f"worker {mute[0]} is connected and takes no orders"
        if len(connected) < self._forked:
            return f"only {len(connected)} of {self._forked} workers are here"
        return ""

    def one_ended(self) -> bool:
        """Whether a worker that was forked from this process is no more."""
        return len(self._living()) < self._forked

    def end(self) -> None:
        """End those that were forked from this process: they may know no master to tell them."""
        for child in self._living():
            child.terminate()

    def outlive(self) -> None:
        """See those that were forked from this process to their end, however it takes that.

        Locust's own master interrupts them and then waits for ever: for one that is stopped,
        that hangs, or that ignores interrupts since it was started in the background.
        """
        self._leaving(LEAVE_SECONDS)
        self.end()
        self._leaving(END_SECONDS)
        for child in self._living():
            log.error("worker process %s does not end and is killed", child.pid)
            child.kill()

    def _leaving(self, seconds: float) -> None:
        limit = time.monotonic() + seconds
        while self._living() and time.monotonic() < limit:
            gevent.sleep(POLL_SECONDS)

    def _living(self) -> list[psutil.Process]:
        return [child for child in self._children if _lives(child)]


class Waiting:
    """Until the first run begins: Locust would wait for ever for a worker that ended early.

    And it takes no SIGTERM in order while it waits.  Made in the greenlet that waits.
    """

    def __init__(
        self,
        runner: Any,  # noqa: ANN401 - Locust is untyped
        workers: Workers | None,
        on_missing: Callable[[], None],
    ) -> None:
        """`workers` were forked from this process, if any were."""
        self._runner = runner
        self._main = gevent.getcurrent()
        self._is_over = False
        self._on_missing = on_missing
        self._on_term = gevent.signal_handler(signal.SIGTERM, self._leave)
        if workers is not None:
            gevent.spawn(self._require, workers)

    def over(self) -> None:
        """A run begins; from now on Locust takes signals itself."""
        if not self._is_over:
            self._is_over = True
            self._on_term.cancel()

    def _require(self, workers: Workers) -> None:
        limit = time.monotonic() + COME_SECONDS
        while not self._is_over:
            ended = workers.one_ended()
            if ended or time.monotonic() > limit:
                why = "one ended before it came" if ended else f"{COME_SECONDS:g} s have passed"
                log.error("not all workers came: %s", why)
                self._on_missing()
                self._leave()
                return
            gevent.sleep(POLL_SECONDS)

    def _leave(self) -> None:
        self._runner.quit()
        gevent.kill(self._main, SystemExit(EXIT_BROKEN))


def _lives(child: psutil.Process) -> bool:
    try:
        return bool(child.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
