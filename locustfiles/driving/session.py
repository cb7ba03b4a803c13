"""One session: a principal's own WebSocket, its token, its queries, every frame it gets.

The frame handler runs in the hub; it records first, reads second, and never blocks.
It decides when a query is over and nothing about what that means.
"""

from __future__ import annotations

import json
import time
import urllib.parse
from typing import Any

import gevent
import orjson
from gevent.event import Event

from isolation_checks.dialects import template
from isolation_checks.dialects.correlate import Correlator, answering, our_conversation
from isolation_checks.dialects.events import token_names
from isolation_checks.dialects.reading import Ask, Reading
from isolation_checks.records import ConversationLabel, Ending, Kind, Opcode, Reason, SessionId
from locustfiles.driving.principals import Principal
from locustfiles.driving.rig import Query, Rig
from locustfiles.driving.tokens import AuthError, names_of
from locustfiles.driving.wire import GOODBYE, Wire, WireError
from locustfiles.driving.wording import Wording

_READABLE = (Opcode.TEXT, Opcode.BINARY)
KEEP_SECONDS = 1.0
"""How often a session looks whether it must say that it is alive, or renew its token."""


CLOSE_SECONDS = 5.0
"""How long the platform has to answer our goodbye."""


class Session:
    """One WebSocket of one principal."""

    def __init__(self, rig: Rig, principal: Principal) -> None:
        self.rig = rig
        self.principal = principal
        self.id: SessionId = rig.session_id()
        self.correlator = Correlator(
            known=rig.asked,
            users=rig.users,
            answering=answering(rig.plan.dialect),
            conversations=principal.conversations,
        )
        self.closed = Event()
        self.ready_ns = 0
        self._wire: Wire | None = None
        self._awaited = set(rig.dialect.opens)
        self._ready = Event()
        self._refused: str | None = None
        self._said_closed = False

    @property
    def is_open(self) -> bool:
        """Whether queries can be asked."""
        return self._ready.is_set() and not self.closed.is_set() and self._refused is None

    def open(self, due_ns: int | None = None) -> bool:
        """Get a token, connect, and wait until the platform lets us ask; whether it did.

        What it took is recorded step by step; the connect time counts from `due_ns`.
        """
        rig, principal = self.rig, self.principal
        known = principal.access is not None
        try:
            token = rig.tokens.token(principal)
        except AuthError as error:
            self._step("failed", detail=str(error), by="them")
            rig.report("set-up", 0.0, 0, str(error))
            return False
        if not known:
            rig.introduce(principal)
        self.correlator.subject = principal.subject
        due_ns = time.monotonic_ns() if due_ns is None or not known else due_ns
        self._step("opening", due_ns=due_ns)
        try:
            problem = self._connect(token)
        except gevent.GreenletExit:  # its user leaves, or the run ends
            self._given_up()
            raise
        ready_ns = time.monotonic_ns()
        took = (ready_ns - due_ns) / 1e6
        if problem is None:
            self.ready_ns = ready_ns
            self._step("ready", at_ns=ready_ns, due_ns=due_ns)
            rig.report("connect", took, 0, None)
            gevent.spawn(self._kept, token)
            return True
        self._step("failed", at_ns=ready_ns, detail=problem, by="them", due_ns=due_ns)
        rig.report("connect", took, 0, problem)
        self.abort()
        return False

    def _connect(self, token: str) -> str | None:
        """Connect and authenticate; None, or why it did not work."""
        rig = self.rig
        target, carry = rig.plan.target, rig.plan.auth.carry
        names = {
            **rig.words,
            **names_of(self.principal, rig.run),
            **token_names(token),
        }
        url = template.in_url(target.websocket, names)
        if carry.query:
            pairs = {key: template.fill(value, names) for key, value in carry.query.items()}
            url += ("&" if "?" in url else "?") + urllib.parse.urlencode(pairs)
        wire = Wire(
            url,
            rig.watch,
            headers={key: str(template.fill(v, names)) for key, v in carry.headers.items()},
            subprotocols=[str(template.fill(value, names)) for value in carry.subprotocols],
            on_messages=self._on_messages,
            on_closed=self._on_closed,
            on_broken=rig.on_broken,
            frame_limit=int(target.frame_limit),
        )
        self._wire = wire
        timeout = float(target.connect_timeout)
        began = time.monotonic()
        rig.sessions[self.id] = self
        try:
            wire.open(timeout=timeout, tls=rig.tls)
        except WireError as error:
            return str(error)
        self._step("upgraded", detail=_tcp_detail(wire))
        if carry.message is not None:
            wire.send(orjson.dumps(template.fill(carry.message, names)))
        if not self._awaited:
            self._ready.set()
        self._ready.wait(max(0.0, timeout - (time.monotonic() - began)))
        if self._refused is not None:
            return f"refused: {self._refused}"
        if self.closed.is_set():
            return "closed by the platform before it was ready"
        if not self._ready.is_set():
            return (
                f"not ready within {timeout:g} s; still awaited: {', '.join(sorted(self._awaited))}"
            )
        return None

    def ask(
        self,
        wording: Wording,
        label: ConversationLabel,
        turn: int,
        due_ns: int | None = None,
        *,
        named: str | None = None,
    ) -> Query:
        """Ask, and return at once; `query.done` is set when it is over.

        The platform hears the query's own id, or the name that is given here.

        The plantings are handed to the operating system before the words are sent.
        """
        rig, principal = self.rig, self.principal
        identity = rig.query_id()
        now = time.monotonic_ns()
        due_ns = now if due_ns is None else due_ns
        rig.recorder.plant(wording.plantings(principal, conversation=label, query=identity))
        conversation = self._conversation(label)
        content = rig.dialect.ask(
            Ask(
                query=identity if named is None else named,
                text=wording.text,
                conversation=conversation,
                turn=turn,
                subject=principal.subject or principal.id,
                token=principal.access or "",
                now_s=time.time(),
            )
        )
        query = Query(
            id=identity,
            kind=wording.kind,
            label=label,
            turn=turn,
            session=self,
            due_ns=due_ns,
            sent_ns=0,
            deadline_ns=0,
            done=Event(),
        )
        rig.asked.add(identity)
        self.correlator.asked(identity, label, conversation, named)
        rig.open[identity] = query
        query.sent_ns = time.monotonic_ns()
        query.deadline_ns = query.sent_ns + int(float(rig.plan.workload.timeout) * 1e9)
        rig.recorder.note(
            "queries",
            step="asked",
            query=identity,
            session=self.id,
            principal=principal.id,
            conversation=label,
            kind=wording.kind,
            text=wording.text,
            named=named,
            due_ns=due_ns,
            sent_ns=query.sent_ns,
        )
        if not (self.is_open and self.send(content)):
            rig.end(query, Ending.INFO, Reason.NOT_SENT)
        return query

    def cancel(self, query: Query) -> None:
        """Ask the platform to give up a query of this session's.

        From then on a refusal may be that of this message, and does not end the query.
        """
        if query.ending is not None:
            return
        names = {
            "query": query.id,
            "conversation": self._conversation(query.label),
            "subject": self.principal.subject,
            "now": time.time(),
        }
        query.cancelled = True
        self._send_if_any(self.rig.cancels(names))

    def unasked(self, due_ns: int) -> None:
        """Record a query that was due, and that nobody was free to ask until its time was up."""
        now = time.monotonic_ns()
        about = {
            "query": self.rig.query_id(),
            "session": self.id,
            "principal": self.principal.id,
            "conversation": f"{self.principal.id}/0",
            "kind": Kind.QUESTION,
        }
        note = self.rig.recorder.note
        note("queries", step="asked", text="", due_ns=due_ns, sent_ns=now, **about)
        ended = {"ending": Ending.INFO.value, "reason": Reason.NOT_IN_TIME}
        note("queries", step="ended", **ended, **about)
        self.rig.report("completion", (now - due_ns) / 1e6, 0, Reason.NOT_IN_TIME)

    def _conversation(self, label: ConversationLabel) -> str | None:
        naming = self.rig.plan.dialect.conversations
        if naming == "ours":
            return our_conversation(self.rig.run, label)
        return self.correlator.conversations.get(label) if naming == "theirs" else None

    def send(self, content: bytes) -> bool:
        """Send a message that is no query."""
        return self._wire is not None and self._wire.send(content)

    def close(self) -> None:
        """Say goodbye; `closed` is set when it is over."""
        if self._wire is not None and not self.closed.is_set():
            self._step("closing")
            self._wire.close()
            gevent.spawn_later(CLOSE_SECONDS, self.abort)

    def abort(self) -> None:
        """Drop the connection."""
        if self._wire is not None:
            self._wire.abort()
        self.rig.sessions.pop(self.id, None)
        self.closed.set()

    def _given_up(self) -> None:
        """Drop a connection that was never made, and say when that was: it was our doing."""
        self.abort()
        if not self._said_closed:
            self._on_closed(None, "us", "given up while it opened")

    def _kept(self, token: str) -> None:
        try:
            self._keeping(token)
        except Exception as error:  # noqa: BLE001 - it would be printed, and the run go on
            self.rig.on_broken(error)

    def _keeping(self, token: str) -> None:
        """Keep the session alive, and the token that it goes by fresh."""
        rig, principal = self.rig, self.principal
        alive = rig.plan.dialect.alive
        next_s = time.monotonic() + float(alive.every) if alive else None
        while not self.closed.wait(KEEP_SECONDS):
            names = rig.words | names_of(principal, rig.run) | {"session": str(self.id)}
            if next_s is not None and alive is not None and time.monotonic() >= next_s:
                next_s += float(alive.every)
                self._send_if_any(rig.dialect.alive(names))
            try:
                rig.tokens.renew(principal)
            except AuthError as error:
                self._step("refresh failed", detail=str(error))
                continue
            if principal.access is not None and principal.access != token:
                token = principal.access
                self._send_if_any(rig.dialect.renew(rig.words | names_of(principal, rig.run)))
                self._step("refreshed")

    def _send_if_any(self, content: bytes | None) -> None:
        if content is not None:
            self.send(content)

    # -- from here on in the hub

    def _on_messages(
        self, opcodes: list[int], contents: list[bytes], received_ns: int, late_ns: int
    ) -> None:
        rig = self.rig
        # what is read in it is known to the screen before this buffer can be written
        rig.recorder.frames(self.id, received_ns, late_ns, opcodes, contents)
        for opcode, content in zip(opcodes, contents, strict=True):
            if opcode not in _READABLE:
                continue
            reading = rig.glance(content)
            for secret in reading.secrets:
                rig.credentials.know(secret, self.principal.id)
            if not self._ready.is_set():
                self._get_ready(reading.kind)
            identity, _ = self.correlator.place(reading)
            query = rig.open.get(identity) if identity is not None else None
            if query is not None:
                self._answered(query, reading, len(content), received_ns, late_ns)
            if reading.kind is not None and (rig.answered is None or reading.kind in rig.answered):
                self._reply(reading, content)

    def _get_ready(self, kind: str | None) -> None:
        if kind in self.rig.dialect.refuses:
            self._refused = kind
            self._ready.set()
        elif kind in self._awaited:
            self._awaited.discard(kind)
            if not self._awaited:
                self._ready.set()

    def _answered(
        self, query: Query, reading: Reading, octets: int, received_ns: int, late_ns: int
    ) -> None:
        first = self.rig.dialect.first
        if query.first_ns is None and (not first or reading.kind in first):
            query.first_ns = received_ns
            self.rig.report("first event", (received_ns - query.due_ns) / 1e6, octets, None)
        if reading.ending is not None and not (query.cancelled and reading.ending is Ending.FAIL):
            reason = Reason.COMPLETED if reading.ending is Ending.OK else str(reading.kind)
            self.rig.end(query, reading.ending, reason, received_ns, late_ns)

    def _reply(self, reading: Reading, content: bytes) -> None:
        names: dict[str, Any] = {"now": time.time(), "subject": self.principal.subject}
        self._send_if_any(self.rig.dialect.answer(reading, content, names))

    def _on_closed(self, code: int | None, by: str, detail: str) -> None:
        self._said_closed = True
        self.rig.sessions.pop(self.id, None)
        self.closed.set()
        self._ready.set()
        self._step("closed", code=code, by=by, detail=detail)
        # where we had to stop listening, what the platform sent made us
        ours = by == "us" and code in (None, GOODBYE)
        reason = Reason.GIVEN_UP if ours else Reason.SESSION_LOST
        for query in [q for q in self.rig.open.values() if q.session is self]:
            self.rig.end(query, Ending.INFO, reason)

    def _step(self, step: str, **values: Any) -> None:  # noqa: ANN401 - a record's columns
        self.rig.recorder.note(
            "sessions",
            session=self.id,
            principal=self.principal.id,
            channel="websocket",
            step=step,
            **values,
        )


def _tcp_detail(wire: Wire) -> str:
    return json.dumps({"tcp_ns": wire.tcp_ns, "subprotocol": wire.subprotocol})
