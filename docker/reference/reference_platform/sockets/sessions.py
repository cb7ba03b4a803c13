"""Who is connected, and how an event finds the socket of the session that asked.

A session outlives its socket for a while: its runs go on, what they say is kept, and a client
that comes back with the session's id and token gets it.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reference_platform.faults import Faults
from reference_platform.nouns import (
    ConnectionId,
    LoginId,
    RequestId,
    SessionId,
    UserId,
    fresh_id,
)
from reference_platform.sockets.connection import Connection, Socket
from reference_platform.sockets.wire import Event

if TYPE_CHECKING:
    from reference_platform.agent.run import Run

_ROOM_CHARACTERS = 8
_MISSED_KEPT = 2_000  # events kept for a session without a socket


@dataclass(slots=True, eq=False)
class Handler:
    """Keeps the socket that events are sent to."""

    socket: Socket | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a client shows to get a session back."""

    session_id: SessionId
    token: str


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """A conversation between one client and the platform, over one socket at a time."""

    user_id: UserId
    handler: Handler
    id: SessionId = field(default_factory=lambda: SessionId(fresh_id()))
    resume_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    runs: dict[RequestId, Run] = field(default_factory=dict)
    sent: list[tuple[int, Event]] = field(default_factory=list)
    missed: deque[Event] = field(default_factory=lambda: deque(maxlen=_MISSED_KEPT))
    adopted: list[Ticket] = field(default_factory=list)  # sessions resumed over this one's socket
    idle_since: float | None = None
    room: str | None = None  # whose members all hear what one of them is told
    address: str | None = None  # where the client was seen


@dataclass(frozen=True, slots=True)
class Claim:
    """What a resumed session hands over: events the client lacks, further sessions to resume."""

    events: list[Event]
    adopted: list[Ticket]


class Hub:
    """All connections and sessions of this worker."""

    def __init__(self, faults: Faults, resume_window_s: float) -> None:
        """Keep sessions without a socket for `resume_window_s`."""
        self.connections: dict[ConnectionId, Connection] = {}
        self.sessions: dict[SessionId, Session] = {}
        self._faults = faults
        self._resume_window_s = resume_window_s
        self._shared_handler = Handler()
        self._recovery: defaultdict[str | None, list[Event]] = defaultdict(list)

    def open(self, connection: Connection) -> Session:
        """A session for a connection that has just been authenticated.

        Fault shared_socket: the session gets the one handler that others have too, and its
        socket is overwritten.  Fault same_second_ids: the clock gives the ids.  Fault
        room_name_collision: the session joins a room that is named after part of the email.
        """
        shared = self._faults.strikes("shared_socket")
        handler = self._shared_handler if shared else Handler()
        handler.socket = connection
        session = Session(
            user_id=connection.principal.user_id, handler=handler, address=connection.address
        )
        if self._faults.strikes("same_second_ids"):
            second = int(time.time())
            connection.id = ConnectionId(f"connection-{second}")
            session.id = SessionId(f"session-{second}")
        if self._faults.strikes("room_name_collision"):
            session.room = f"user-{connection.principal.email[:_ROOM_CHARACTERS].lower()}"
        self.connections[connection.id] = connection
        self.sessions[session.id] = session
        return session

    def replay(self, connection: Connection) -> None:
        """A client is back.

        Fault stale_replay: it gets what waits for clients at its address.
        """
        for event in self._recovery.pop(connection.address, ()):
            connection.post(event)

    def leave(self, session: Session, connection: Connection) -> None:
        """The connection is gone: keep what its session was not told.  May be called again."""
        known = self.connections.pop(connection.id, None)
        if known is None:
            return
        session.sent = list(known.sent)
        for event in known.abandon():
            if event.run_id is not None:
                self._keep(session, event)
        self.detach(connection)

    def detach(self, socket: Socket) -> None:
        """No session sends to this socket any more."""
        for session in self.sessions.values():
            if session.handler.socket is socket:
                session.handler.socket = None
                session.idle_since = time.monotonic()

    def deliver(self, session: Session, event: Event) -> None:
        """Send an event to the session's socket, or keep it until the client comes back.

        Fault broadcast: the send is to every connection.  Fault room_name_collision: it is to
        everybody in the session's room.
        """
        sockets: list[Socket] = []
        if self._faults.strikes("broadcast"):
            sockets += self.connections.values()
        else:
            members = [session]
            if session.room is not None:
                members = [s for s in self.sessions.values() if s.room == session.room]
            sockets += [m.handler.socket for m in members if m.handler.socket is not None]
        reached = [socket.post(event) for socket in sockets]
        if not any(reached):
            self._keep(session, event)

    def _keep(self, session: Session, event: Event) -> None:
        """Keep an event for a client that may come back.

        Fault stale_replay: also under the client's address, for whoever comes from there.
        """
        session.missed.append(event)
        if self._faults.strikes("stale_replay"):
            self._recovery[session.address].append(event)

    def claim(
        self, ticket: Ticket, user_id: UserId, socket: Socket, last_seq: int | None
    ) -> Claim | None:
        """Take a session over to another socket of the same user.

        `last_seq` is the last frame that the client saw on the session's former socket; without
        it only what was never sent is replayed.  None when there is no such session for this
        user and token.

        Fault resume_takeover: neither matters.
        """
        session = self.sessions.get(ticket.session_id)
        if session is None:
            return None
        theirs = session.user_id == user_id and hmac.compare_digest(
            session.resume_token.encode(), ticket.token.encode()
        )
        if not theirs and not self._faults.strikes("resume_takeover"):
            return None
        former = session.handler.socket
        if isinstance(former, Connection) and former is not socket:
            self.leave(session, former)
            former.close(1008, "session resumed elsewhere")
        lacking = [e for seq, e in session.sent if last_seq is not None and seq > last_seq]
        claim = Claim(events=[*lacking, *session.missed], adopted=list(session.adopted))
        session.sent.clear()
        session.missed.clear()
        session.adopted.clear()
        session.handler.socket = socket
        session.idle_since = None
        return claim

    def close_user(self, user_id: UserId, login: LoginId | None, reason: str) -> None:
        """Close a user's sockets: those of one login, or all; their sessions cannot be resumed."""
        for connection in list(self.connections.values()):
            principal = connection.principal
            if principal.user_id == user_id and login in (None, principal.login):
                connection.close(1008, reason)
        for session in list(self.sessions.values()):
            if session.user_id == user_id and login is None:
                del self.sessions[session.id]

    def sweep(self) -> None:
        """Forget sessions whose clients have not come back."""
        limit = time.monotonic() - self._resume_window_s
        for session in list(self.sessions.values()):
            if session.idle_since is not None and session.idle_since < limit and not session.runs:
                del self.sessions[session.id]
