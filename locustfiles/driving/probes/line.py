"""One connection of a probe's: it says what it is told to, records what it hears, judges nothing.

It is no session of an ordinary user's: its steps and frames are recorded on a channel of
their own, so that nobody takes what was provoked there for what the platform does.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.event import Event

from isolation_checks import probing
from isolation_checks.dialects.correlate import Correlator
from isolation_checks.dialects.framing import said
from isolation_checks.dialects.reading import Reading
from isolation_checks.records import SessionId
from locustfiles.driving.manners import Manners
from locustfiles.driving.opening import Shown, opening
from locustfiles.driving.principals import Principal
from locustfiles.driving.rig import Rig
from locustfiles.driving.tokens import AuthError
from locustfiles.driving.wire import NO_CLOSE_FRAME, Wire, WireError

_STATUS = re.compile(r"HTTP (\d{3})")
CLOSE_SECONDS = 1.0
KEPT = 200
"""Messages that a line remembers: an attempt hears few."""


class Line:
    """A WebSocket of a probe's."""

    def __init__(self, rig: Rig, principal: Principal) -> None:
        self.rig = rig
        self.principal = principal
        self.id: SessionId = rig.session_id()
        self.correlator = Correlator()
        self.closed = Event()
        self.heard: list[tuple[Reading, bytes]] = []
        self.trouble: str | None = None
        """Why the platform was not even asked."""
        self._wire: Wire | None = None
        self._manners = Manners(rig.framing, self.send, self._leave)
        self._awaited = set(rig.dialect.opens)
        self._refused = False
        self._upgraded = False
        self._end: dict[str, Any] | None = None
        self._news = Event()

    @property
    def ready(self) -> bool:
        """Whether the platform let us in, as far as can be seen from here."""
        return (
            self._upgraded and not self._awaited and not self._refused and not self.closed.is_set()
        )

    def open(self, shown: Shown) -> bool:
        """Connect, and wait until the platform has let us in or turned us away."""
        rig = self.rig
        try:
            what = opening(rig, self.principal, self.id, shown)
        except AuthError as error:  # a refused ticket is a refusal like any other
            self._step("opening")
            self._turned_away(str(error), hung_up=False)
            return False
        self._manners.know(what.message)
        self._wire = what.wire(rig, self._on_messages, self._on_closed)
        rig.sessions[self.id] = self
        self._step("opening")
        try:
            self._wire.open(timeout=float(rig.plan.target.connect_timeout), tls=rig.tls)
        except WireError as error:
            self._turned_away(str(error), hung_up=error.hung_up)
            return False
        self._upgraded = True
        self._step("upgraded")
        if self._end is not None:  # it came together with the upgrade's answer
            self._step("closed", **self._end)
        self._manners.greet()
        self.wait(lambda: self.ready or self._refused)
        return self.ready

    def _turned_away(self, problem: str, *, hung_up: bool) -> None:
        """The upgrade was refused, or there was no platform to refuse it.

        A platform may refuse by hanging up without an answer.
        """
        status = _STATUS.search(problem)
        code = int(status[1]) if status else NO_CLOSE_FRAME if hung_up else None
        self._step("failed", code=code, by="them", detail=problem)
        if code is None:
            self.trouble = problem
        self.rig.sessions.pop(self.id, None)
        self.closed.set()

    def send(self, content: bytes) -> bool:
        """Send a message."""
        return self._wire is not None and self._wire.send(content)

    def wait(self, enough: Callable[[], bool], seconds: float | None = None) -> bool:
        """Listen until there is enough, the platform closes, or patience ends; whether there is."""
        patience = float(self.rig.plan.probes.patience) if seconds is None else seconds
        limit = time.monotonic() + patience
        while not enough():
            left = limit - time.monotonic()
            if left <= 0 or self.closed.is_set():
                return enough()
            self._news.clear()
            self._news.wait(left)
        return True

    def wait_for(self, query: str) -> None:
        """Listen until a message comes that names this query of ours."""
        self.wait(lambda: any(reading.query == query for reading, _ in self.heard))

    def wait_for_end(self, query: str, seconds: float | None = None) -> None:
        """Listen until an answer is over: this query's, or one that names none."""
        ours = (None, query)
        self.wait(
            lambda: any(r.ending is not None and r.query in ours for r, _ in self.heard), seconds
        )

    def told(self, places: Sequence[str]) -> str | None:
        """What stands at one of these places of anything that was heard until now."""
        return said(self.rig.framing, (content for _, content in self.heard), places)

    def close(self) -> None:
        """Say goodbye."""
        if self._wire is not None and not self.closed.is_set():
            self._wire.close()
            gevent.spawn_later(CLOSE_SECONDS, self.abort)

    def abort(self) -> None:
        """Drop the connection."""
        if self._wire is not None:
            self._wire.abort()
        self.rig.sessions.pop(self.id, None)
        self.closed.set()

    # -- from here on in the hub

    def _on_messages(
        self, opcodes: list[int], contents: list[bytes], received_ns: int, late_ns: int
    ) -> None:
        rig = self.rig
        rig.recorder.frames(self.id, received_ns, late_ns, opcodes, contents)
        for opcode, content in zip(opcodes, contents, strict=True):
            if opcode not in rig.framing.readable:
                continue
            reading = rig.glance(content)
            for secret in reading.secrets:
                rig.credentials.know(secret, self.principal.id)
            if len(self.heard) < KEPT:
                self.heard.append((reading, content))
            self._refused = self._refused or reading.kind in rig.dialect.refuses
            self._awaited.discard(reading.kind or "")
            names: dict[str, Any] = {"now": time.time(), "subject": self.principal.subject}
            reply = rig.dialect.answer(reading, content, names) if reading.kind else None
            if reply is not None:
                self.send(reply)
            if reading.control and self._manners.mind(content) is not None:
                self._refused = True
        self._news.set()

    def _leave(self, dismissed: str) -> None:
        """The platform ended the session and left the connection to us."""
        if self._wire is not None:
            self._wire.leave(dismissed)

    def _on_closed(self, code: int | None, by: str, detail: str) -> None:
        self.rig.sessions.pop(self.id, None)
        self.closed.set()
        self._news.set()
        self._end = {"code": code, "by": by, "detail": detail, "at_ns": time.monotonic_ns()}
        if self._upgraded:
            self._step("closed", **self._end)

    def _step(self, step: str, **values: Any) -> None:  # noqa: ANN401 - a record's columns
        self.rig.recorder.note(
            "sessions",
            session=self.id,
            principal=self.principal.id,
            channel=probing.CHANNEL,
            step=step,
            **values,
        )
