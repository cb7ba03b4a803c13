"""What a session hears: every message, recorded first and read second.

It runs in the hub and never blocks.  It decides when a session may be used and when a
query is over, and nothing about what that means.
"""

from __future__ import annotations

import time
from typing import Any

from gevent.event import Event

from isolation_checks.dialects.correlate import By, Correlator
from isolation_checks.dialects.reading import Reading
from isolation_checks.records import Ending, Kind, Reason, SessionId
from locustfiles.driving.manners import Manners
from locustfiles.driving.principals import Principal
from locustfiles.driving.rig import Query, Rig


class Hearing:
    """The ears of one session."""

    def __init__(
        self,
        rig: Rig,
        principal: Principal,
        session: SessionId,
        correlator: Correlator,
        manners: Manners,
    ) -> None:
        self.ready = Event()
        """It may be used, or never will be."""
        self.refused: str | None = None
        """The event by which the platform turned it away, or its reason to do so, even later."""
        self.awaited = set(rig.dialect.opens)
        """Events that must come before it may be used."""
        self.first: list[bytes] = []
        """What came until it could be used …"""
        self.last: bytes | None = None
        """… and what came last: kept where sessions can be resumed."""
        self._keeps = rig.plan.dialect.resume is not None
        self._rig = rig
        self._principal = principal
        self._session = session
        self._correlator = correlator
        self._manners = manners
        self._readable = rig.framing.readable

    @property
    def welcome(self) -> bool:
        """Whether the platform lets us ask."""
        return self.ready.is_set() and self.refused is None

    def on_messages(
        self, opcodes: list[int], contents: list[bytes], received_ns: int, late_ns: int
    ) -> None:
        """All messages of one read, in the order of receipt."""
        rig = self._rig
        # what is read in it is known to the screen before this buffer can be written
        rig.recorder.frames(self._session, received_ns, late_ns, opcodes, contents)
        for opcode, content in zip(opcodes, contents, strict=True):
            if opcode in self._readable:
                self._hear(content, received_ns, late_ns)

    def _hear(self, content: bytes, received_ns: int, late_ns: int) -> None:
        rig = self._rig
        reading = rig.glance(content)
        for secret in reading.secrets:
            rig.credentials.know(secret, self._principal.id)
        if self._keeps and not self.ready.is_set():
            self.first.append(content)
        if not self.ready.is_set():
            self._get_ready(reading.kind)
        if reading.control:
            self._mind(content)
        elif self._keeps:
            self.last = content
        identity, by = self._correlator.place(reading)
        query = rig.open.get(identity) if identity is not None else None
        if query is not None and _is_its_sessions(query, reading, by):
            rig.end(query, Ending.INFO, Reason.GIVEN_UP, received_ns, late_ns)
        elif query is not None:
            self._answered(query, reading, len(content), received_ns, late_ns)
        if reading.kind is not None and (rig.answered is None or reading.kind in rig.answered):
            self._reply(reading, content)

    def _mind(self, content: bytes) -> None:
        """Do what the framing itself wants done."""
        dismissed = self._manners.mind(content)
        if dismissed is not None:
            self.refused = dismissed
            self.ready.set()

    def _get_ready(self, kind: str | None) -> None:
        if kind in self._rig.dialect.refuses:
            self.refused = kind
            self.ready.set()
        elif kind in self.awaited:
            self.awaited.discard(kind)
            if not self.awaited:
                self.ready.set()

    def _answered(
        self, query: Query, reading: Reading, octets: int, received_ns: int, late_ns: int
    ) -> None:
        first = self._rig.dialect.first
        if query.first_ns is None and (not first or reading.kind in first):
            query.first_ns = received_ns
            self._rig.report("first event", (received_ns - query.due_ns) / 1e6, octets, None)
        if reading.ending is not None and not (query.cancelled and reading.ending is Ending.FAIL):
            reason = Reason.COMPLETED if reading.ending is Ending.OK else str(reading.kind)
            self._rig.end(query, reading.ending, reason, received_ns, late_ns)

    def _reply(self, reading: Reading, content: bytes) -> None:
        names: dict[str, Any] = {"now": time.time(), "subject": self._principal.subject}
        message = self._rig.dialect.answer(reading, content, names)
        if message is not None:
            self._manners.send(message)


def _is_its_sessions(query: Query, reading: Reading, by: By | None) -> bool:
    """Whether a refusal that names no query is rather the end of a login that we had end."""
    ends = query.kind == Kind.OUTLIVED and reading.ending is Ending.FAIL
    return ends and by is By.ONLY
