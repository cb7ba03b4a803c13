"""One session: a principal's own WebSocket, its token, and what it asks.

What comes is heard in `hearing`; what keeps it alive is done in `keeping`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import gevent
from gevent.event import Event

from isolation_checks.dialects.correlate import Correlator, answering, our_conversation
from isolation_checks.dialects.reading import Ask
from isolation_checks.records import ConversationLabel, Ending, Kind, Reason, SessionId
from locustfiles.driving.hearing import Hearing
from locustfiles.driving.keeping import keep
from locustfiles.driving.manners import Manners
from locustfiles.driving.opening import Shown, opening
from locustfiles.driving.principals import Principal
from locustfiles.driving.rig import Query, Rig
from locustfiles.driving.tokens import AuthError
from locustfiles.driving.wire import CLOSE_SECONDS, GOODBYE, Wire, WireError
from locustfiles.driving.wording import Wording


class Session:
    """One WebSocket of one principal."""

    def __init__(
        self, rig: Rig, principal: Principal, correlator: Correlator | None = None
    ) -> None:
        """A session that goes on where another broke off takes over what that one knew."""
        self.rig = rig
        self.principal = principal
        self.id: SessionId = rig.session_id()
        self.correlator = correlator or Correlator(
            known=rig.asked,
            users=rig.users,
            answering=answering(rig.plan.dialect),
            conversations=principal.conversations,
        )
        self.query: Mapping[str, str] = {}
        """What is added to the address, besides what carries the token."""
        self.shown: str | None = None
        """A token that it goes by instead of its principal's, and that nobody renews."""
        self.back: Callable[[], object] | None = None
        """What has whoever holds it open another in its place, where somebody would."""
        self._manners = Manners(rig.framing, self.send, self._leave)
        self.hearing = Hearing(rig, principal, self.id, self.correlator, self._manners)
        self.closed = Event()
        self.ready_ns = 0
        self._wire: Wire | None = None
        self._said_closed = False

    @property
    def is_open(self) -> bool:
        """Whether queries can be asked."""
        return self.hearing.welcome and not self.closed.is_set()

    def open(self, due_ns: int | None = None) -> bool:
        """Get a token, connect, and wait until the platform lets us ask; whether it did.

        What it took is recorded step by step; the connect time counts from `due_ns`.
        """
        rig, principal = self.rig, self.principal
        known = principal.access is not None
        try:
            token = rig.tokens.token(principal) if self.shown is None else self.shown
        except AuthError as error:
            self.step("failed", detail=str(error), by="them")
            rig.report("set-up", 0.0, 0, str(error))
            return False
        if not known:
            rig.introduce(principal)
        self.correlator.subject = principal.subject
        due_ns = time.monotonic_ns() if due_ns is None or not known else due_ns
        self.step("opening", due_ns=due_ns, detail="storm" if rig.storming else None)
        try:
            problem = self._connect(token)
        except gevent.GreenletExit:  # its user leaves, or the run ends
            self._given_up()
            raise
        ready_ns = time.monotonic_ns()
        took = (ready_ns - due_ns) / 1e6
        if problem is None:
            self.ready_ns = ready_ns
            self.step("ready", at_ns=ready_ns, due_ns=due_ns)
            rig.report("connect", took, 0, None)
            gevent.spawn(keep, self, token)
            return True
        if self.shown is not None:  # a token of our making: who does not take it is not to blame
            self._given_up()
            return False
        self.step("failed", at_ns=ready_ns, detail=problem, by="them", due_ns=due_ns)
        rig.report("connect", took, 0, problem)
        self.abort()
        return False

    def _connect(self, token: str) -> str | None:
        """Connect and authenticate; None, or why it did not work."""
        rig = self.rig
        try:
            what = opening(rig, self.principal, self.id, Shown(token=token, query=self.query))
        except AuthError as error:
            return str(error)
        self._manners.know(what.message)
        wire = what.wire(rig, self.hearing.on_messages, self._on_closed)
        self._wire = wire
        timeout = float(rig.plan.target.connect_timeout)
        began = time.monotonic()
        rig.sessions[self.id] = self
        try:
            wire.open(timeout=timeout, tls=rig.tls)
        except WireError as error:
            return str(error)
        self.step("upgraded", detail=_tcp_detail(wire))
        hearing = self.hearing
        self._manners.greet()
        if not hearing.awaited:
            hearing.ready.set()
        hearing.ready.wait(max(0.0, timeout - (time.monotonic() - began)))
        if hearing.refused is not None:
            return f"refused: {hearing.refused}"
        if self.closed.is_set():
            return "closed by the platform before it was ready"
        if not hearing.ready.is_set():
            awaited = ", ".join(sorted(hearing.awaited))
            return f"not ready within {timeout:g} s; still awaited: {awaited}"
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
        self.send_if_any(self.rig.cancels(names))

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

    def deafen(self, seconds: float) -> None:
        """Read nothing of what comes, for so long."""
        if self._wire is not None:
            self._wire.deafen(seconds)

    def close(self) -> None:
        """Say goodbye; `closed` is set when it is over."""
        if self._wire is not None and not self.closed.is_set():
            self.step("closing")
            self._wire.close()
            gevent.spawn_later(CLOSE_SECONDS, self.abort)

    def _leave(self, dismissed: str) -> None:
        """The platform ended the session and left the connection to us."""
        if self._wire is not None:
            self._wire.leave(dismissed)

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

    def send_if_any(self, content: bytes | None) -> None:
        """Send what a dialect had to say, if it had anything."""
        if content is not None:
            self.send(content)

    def _on_closed(self, code: int | None, by: str, detail: str) -> None:
        self._said_closed = True
        self.rig.sessions.pop(self.id, None)
        self.closed.set()
        self.hearing.ready.set()
        self.step("closed", code=code, by=by, detail=detail)
        # where we had to stop listening, what the platform sent made us
        ours = by == "us" and code in (None, GOODBYE)
        reason = Reason.GIVEN_UP if ours else Reason.SESSION_LOST
        for query in [q for q in self.rig.open.values() if q.session is self]:
            self.rig.end(query, Ending.INFO, reason)

    def step(self, step: str, **values: Any) -> None:  # noqa: ANN401 - a record's columns
        """Record a step of this session's life."""
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
