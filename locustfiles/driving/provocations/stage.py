"""What provocations share: actors with a session that is opened again when it is lost."""

from __future__ import annotations

import time

import gevent
from websockets.client import backoff

from isolation_checks.plan.tables.auth import Call
from isolation_checks.records import ConversationLabel, Kind, Opcode
from locustfiles.driving import resuming, wording
from locustfiles.driving.rig import Rig
from locustfiles.driving.session import Session
from locustfiles.driving.tokens import AuthError, Http, names_of
from locustfiles.driving.wording import Wording


class Actor:
    """A member of the cast who is not an ordinary user."""

    def __init__(self, rig: Rig, role: str, *, alike: bool = False) -> None:
        self.rig = rig
        self.principal = rig.principal(role, alike=alike)
        self._session: Session | None = None

    def session(self) -> Session:
        """An open session; opened, or opened again with a back-off, where there is none."""
        if self._session is None or not self._session.is_open:
            for delay in backoff():
                self._session = Session(self.rig, self.principal)
                if self._session.open():
                    break
                gevent.sleep(min(delay, 10.0))
        assert self._session is not None
        return self._session

    def resume(self, gone_s: float) -> None:
        """Lose the connection, and take the session up again on another, so long behind it."""
        if self._session is not None:
            self._session = resuming.taken_up(self._session, gone_s)

    def try_once(self) -> bool:
        """Open a new session, once; whether the platform let us in."""
        self._session = Session(self.rig, self.principal)
        return self._session.open()

    def call(self, call: Call, *, http: Http | None = None, **names: str) -> bool:
        """Make an HTTP request; its body is recorded as a frame of a session of its own.

        Whether the platform did what was asked.
        """
        rig, principal = self.rig, self.principal
        identity = rig.session_id()
        about = {"session": identity, "principal": principal.id, "channel": "http"}
        try:
            status, body = (http or rig.http).call(call, names_of(principal, rig.run) | names)
        except AuthError as error:
            rig.recorder.note("sessions", step="failed", detail=str(error), by="them", **about)
            return False
        now = time.monotonic_ns()
        rig.recorder.note("sessions", step="answered", code=status, detail=call.path, **about)
        rig.recorder.frames(identity, now, 0, [Opcode.HTTP], [body])
        return status // 100 == 2  # noqa: PLR2004 - as HTTP has it

    def question(self, kind: Kind = Kind.QUESTION) -> Wording:
        """An ordinary question with a new canary in it."""
        canary = self.rig.roster.canary(self.principal)
        return wording.question(self.principal, canary, self.rig.plan.workload.words, kind)

    def label(self, turn: int | str) -> ConversationLabel:
        """Our name of one of its conversations."""
        return ConversationLabel(f"{self.principal.id}/{turn}")

    def drop(self) -> None:
        """Drop the connection without a word."""
        if self._session is not None:
            self._session.abort()
            self._session = None

    def leave(self) -> None:
        """Close the session."""
        if self._session is not None:
            self._session.close()
            self._session = None
