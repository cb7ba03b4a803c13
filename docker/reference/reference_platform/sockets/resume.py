"""Gives a client that comes back its session: what it missed, and what is still to come.

The session may live on another worker.  Then that worker keeps it, with its runs, and sends
its events over the bus to the worker that has the socket.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict, dataclass
from typing import Protocol

from reference_platform.bus import Body, Bus
from reference_platform.faults import Faults
from reference_platform.nouns import (
    ConnectionId,
    NotFoundError,
    RequestId,
    SessionId,
    UserId,
    fresh_id,
)
from reference_platform.sockets.connection import Connection
from reference_platform.sockets.sessions import Claim, Hub, Session, Ticket
from reference_platform.sockets.wire import Event

_BORROWERS_KEPT = 1_000
_CLAIM_LIMIT_S = 1.0  # how long other workers may take to answer for a session


class Registry(Protocol):
    """Knows which sessions there are on any worker."""

    async def enter(self, session_id: SessionId, user_id: UserId) -> None:
        """Note a new session."""

    async def known(self, session_id: SessionId, user_id: UserId) -> bool:
        """Whether some worker may hold this session of this user."""
        ...


class NoRegistry:
    """Without a registry any worker may hold any session: ask."""

    async def enter(self, session_id: SessionId, user_id: UserId) -> None:
        """Nothing to note."""

    async def known(self, session_id: SessionId, user_id: UserId) -> bool:
        """Nobody can say no."""
        del session_id, user_id
        return True


class RemoteSocket:
    """A connection of another worker, as a socket that events can be posted to."""

    def __init__(self, bus: Bus, connection_id: ConnectionId, session_id: SessionId) -> None:
        """Post over the bus."""
        self._bus = bus
        self.connection_id = connection_id
        self._session_id = session_id

    def post(self, event: Event) -> bool:
        """Send an event; if the connection is gone, it comes back as `returned`."""
        body = {"connection": self.connection_id, "session": self._session_id}
        self._bus.publish("event", {**body, "event": asdict(event)})
        return True


@dataclass(frozen=True, slots=True)
class _Claiming:
    """A claim that other workers were asked about."""

    connection: Connection
    session: Session
    ticket: Ticket
    request_id: RequestId | None
    done: asyncio.Future[list[Ticket]]


class Resume:
    """Resumes sessions of this worker and of others."""

    def __init__(self, hub: Hub, bus: Bus, registry: Registry, faults: Faults) -> None:
        """Look for sessions in this hub, else over the bus."""
        self._faults = faults
        self._hub = hub
        self._bus = bus
        self._registry = registry
        self._claiming: dict[str, _Claiming] = {}
        self._lent: dict[ConnectionId, list[RemoteSocket]] = {}  # sockets elsewhere, sessions here
        self._borrowing: deque[ConnectionId] = deque(maxlen=_BORROWERS_KEPT)  # the other way round
        for kind, hear in {
            "claim": self._hear_claim,
            "claimed": self._hear_claimed,
            "event": self._hear_event,
            "returned": self._hear_returned,
            "gone": self._hear_gone,
        }.items():
            bus.subscribe(kind, hear)

    async def entered(self, session: Session) -> None:
        """Let every worker know of a new session."""
        await self._registry.enter(session.id, session.user_id)

    def left(self, connection: Connection) -> None:
        """A connection is gone: tell the workers whose sessions used it."""
        if connection.id in self._borrowing:
            self._bus.publish("gone", {"connection": connection.id})

    async def resume(
        self,
        connection: Connection,
        session: Session,
        ticket: Ticket,
        last_seq: int | None,
        request_id: RequestId | None,
    ) -> None:
        """Take a session over to this connection, and the sessions that one had taken over.

        Raises NotFoundError when there is no such session for this user and token.
        """
        queue = [(ticket, last_seq)]
        while queue:
            wanted, seq = queue.pop()
            claim = self._hub.claim(wanted, connection.principal.user_id, connection, seq)
            if claim is not None:
                _hand_over(connection, session, wanted, request_id, claim)
                adopted: list[Ticket] | None = claim.adopted
            else:
                adopted = await self._claim_elsewhere(connection, session, wanted, seq, request_id)
            if adopted is not None:
                queue += [(further, None) for further in adopted]
            elif wanted is ticket:
                raise NotFoundError("session")

    async def _claim_elsewhere(
        self,
        connection: Connection,
        session: Session,
        ticket: Ticket,
        last_seq: int | None,
        request_id: RequestId | None,
    ) -> list[Ticket] | None:
        """Ask the other workers for a session; what it missed is posted when one answers.

        Fault resume_takeover: whether it is this user's is not asked.
        """
        user_id = connection.principal.user_id
        if self._bus.alone:
            return None
        known = self._faults.on("resume_takeover") or await self._registry.known(
            ticket.session_id, user_id
        )
        if not known:
            return None
        nonce = fresh_id()
        done: asyncio.Future[list[Ticket]] = asyncio.get_running_loop().create_future()
        self._claiming[nonce] = _Claiming(connection, session, ticket, request_id, done)
        self._bus.publish(
            "claim",
            {
                "nonce": nonce,
                "session": ticket.session_id,
                "token": ticket.token,
                "user": user_id,
                "connection": connection.id,
                "last_seq": last_seq,
            },
        )
        try:
            async with asyncio.timeout(_CLAIM_LIMIT_S):
                return await done
        except TimeoutError:
            return None
        finally:
            del self._claiming[nonce]

    def _hear_claim(self, body: Body) -> None:
        """Another worker wants a session: if it is here, give its events and lend the rest."""
        if body["nonce"] in self._claiming:
            return  # our own question
        ticket = Ticket(body["session"], body["token"])
        socket = RemoteSocket(self._bus, body["connection"], ticket.session_id)
        claim = self._hub.claim(ticket, UserId(body["user"]), socket, body["last_seq"])
        if claim is None:
            return
        self._lent.setdefault(socket.connection_id, []).append(socket)
        self._bus.publish("claimed", {"nonce": body["nonce"], **asdict(claim)})

    def _hear_claimed(self, body: Body) -> None:
        claiming = self._claiming.get(body["nonce"])
        if claiming is None or claiming.done.done():
            return
        self._borrowing.append(claiming.connection.id)
        adopted = [Ticket(**ticket) for ticket in body["adopted"]]
        claim = Claim(events=[Event(**event) for event in body["events"]], adopted=adopted)
        _hand_over(
            claiming.connection, claiming.session, claiming.ticket, claiming.request_id, claim
        )
        claiming.done.set_result(adopted)

    def _hear_event(self, body: Body) -> None:
        """An event for a connection that a session elsewhere borrows."""
        if body["connection"] not in self._borrowing:
            return
        connection = self._hub.connections.get(body["connection"])
        if connection is None or not connection.post(Event(**body["event"])):
            self._bus.publish("returned", body)

    def _hear_returned(self, body: Body) -> None:
        """An event of a session here, whose borrowed connection was gone when it came."""
        session = self._hub.sessions.get(body["session"])
        if session is not None:
            self._hub.deliver(session, Event(**body["event"]))
            in_order = sorted(session.missed, key=lambda event: event.timestamp)
            session.missed.clear()
            session.missed.extend(in_order)

    def _hear_gone(self, body: Body) -> None:
        for socket in self._lent.pop(body["connection"], []):
            self._hub.detach(socket)


def _hand_over(
    connection: Connection,
    session: Session,
    ticket: Ticket,
    request_id: RequestId | None,
    claim: Claim,
) -> None:
    """Post what a resumed session's client lacks."""
    session.adopted.append(ticket)
    connection.post(
        Event(
            type="resumed",
            user_id=connection.principal.user_id,
            request_id=request_id,
            payload={"session_id": ticket.session_id, "replayed": len(claim.events)},
        )
    )
    for event in claim.events:
        connection.post(event)
