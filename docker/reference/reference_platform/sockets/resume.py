"""Gives a client that comes back its session: what it missed, and what is still to come."""

from __future__ import annotations

import contextlib

from reference_platform.nouns import NotFoundError, RequestId
from reference_platform.sockets.connection import Connection
from reference_platform.sockets.sessions import Hub, Session, Ticket
from reference_platform.sockets.wire import Event


class Resume:
    """Resumes sessions of this worker."""

    def __init__(self, hub: Hub) -> None:
        """Look for sessions in this hub."""
        self._hub = hub

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
        user_id = connection.principal.user_id
        claim = self._hub.claim(ticket, user_id, connection, last_seq)
        if claim is None:
            raise NotFoundError("session")
        session.adopted.append(ticket)
        connection.post(
            Event(
                type="resumed",
                user_id=user_id,
                request_id=request_id,
                payload={"session_id": ticket.session_id, "replayed": len(claim.events)},
            )
        )
        for event in claim.events:
            connection.post(event)
        for further in claim.adopted:
            with contextlib.suppress(NotFoundError):  # forgotten meanwhile
                await self.resume(connection, session, further, None, request_id)
