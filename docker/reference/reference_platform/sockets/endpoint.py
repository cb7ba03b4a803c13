"""The WebSocket itself: who is let in, and what is done with what they say."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from starlette.websockets import WebSocket

from reference_platform.agent.runs import Runs
from reference_platform.auth.guard import Authenticate, websocket_token
from reference_platform.auth.tokens import InvalidTokenError
from reference_platform.faults import Faults
from reference_platform.nouns import (
    PlatformError,
    Principal,
    RequestId,
    SessionId,
    ThreadId,
    UserId,
    fresh_id,
)
from reference_platform.sockets.admission import Admission
from reference_platform.sockets.connection import Connection
from reference_platform.sockets.resume import Resume
from reference_platform.sockets.routing import Router
from reference_platform.sockets.sessions import Hub, Session, Ticket
from reference_platform.sockets.staging import Staging
from reference_platform.sockets.wire import Event, Message, error_event, read_message
from reference_platform.storage.conversations import Conversations

_LOG = logging.getLogger(__name__)

Handle = Callable[[Connection, Session, Message], Awaitable[None]]


class SocketEndpoint:
    """Serves `/ws`."""

    def __init__(
        self,
        *,
        hub: Hub,
        router: Router,
        admission: Admission,
        runs: Runs,
        resume: Resume,
        conversations: Conversations,
        authenticate: Authenticate,
        faults: Faults,
    ) -> None:
        """Let in whom `authenticate` believes."""
        self._hub = hub
        self._router = router
        self._admission = admission
        self._staging = Staging()
        self._runs = runs
        self._resume = resume
        self._conversations = conversations
        self._authenticate = authenticate
        self._faults = faults
        self._handlers: Mapping[str, Handle] = {
            "user_message": self._user_message,
            "ping": self._ping,
            "cancel": self._cancel,
            "get_thread": self._get_thread,
            "resume": self._resume_session,
            "authenticate": self._renew,
        }

    async def serve(self, websocket: WebSocket) -> None:
        """One WebSocket, from its upgrade to its end."""
        token, subprotocol = websocket_token(websocket)
        await websocket.accept(subprotocol)
        try:
            if token is None:
                raise InvalidTokenError("a token is missing")
            principal = await self._authenticate(token)
            self._admission.enter(principal.user_id)
        except PlatformError as error:
            await websocket.send_text(error_event(error, None).frame(0))
            await websocket.close(1008, error.code)
            return
        try:
            await self._admission.ready()
            await self._converse(websocket, principal)
        finally:
            self._admission.leave(principal.user_id)

    async def _converse(self, websocket: WebSocket, principal: Principal) -> None:
        """A WebSocket whose principal is known and let in."""
        connection = Connection(websocket, principal, self._faults, self._staging)
        session = self._hub.open(connection)
        self._router.connected(session)
        connection.post(_established(connection, session))
        self._hub.replay(connection)
        await self._resume.entered(session)
        tasks = [
            asyncio.create_task(connection.pump()),
            asyncio.create_task(self._close_on_expiry(connection)),
        ]
        try:
            while (message := await websocket.receive())["type"] == "websocket.receive":
                frame = message.get("text") or message.get("bytes") or ""
                await self._handle(connection, session, frame)
        finally:
            self._hub.leave(session, connection)
            self._resume.left(connection)
            for task in tasks:
                task.cancel()

    async def _handle(self, connection: Connection, session: Session, frame: str | bytes) -> None:
        """Act on one frame; whatever is wrong with it is told, and the socket stays open.

        Fault silent_swallow: an unexpected error is not told.
        """
        request_id: RequestId | None = None
        try:
            message = read_message(frame)
            request_id = _request_id(message)
            handle = self._handlers.get(message.type, _refuse_unknown)
            await handle(connection, session, message)
        except PlatformError as error:
            connection.post(error_event(error, connection.principal.user_id, request_id))
        except Exception:  # noqa: BLE001 - one message must not cost the socket
            if self._faults.on("silent_swallow"):
                return
            _LOG.exception("a message was not handled")
            trouble = PlatformError("internal_error", "the message could not be handled")
            connection.post(error_event(trouble, connection.principal.user_id, request_id))

    async def _user_message(
        self, connection: Connection, session: Session, message: Message
    ) -> None:
        name = message.optional_text("thread_id")
        thread_id = ThreadId(name) if name is not None else None
        if thread_id is not None:
            self._router.named(session, thread_id)
        run = self._runs.submit(
            self._speaker(connection, message),
            session,
            _request_id(message) or RequestId(fresh_id()),
            thread_id,
            message.content,
        )
        connection.asked(run)

    def _speaker(self, connection: Connection, message: Message) -> Principal:
        """In whose name a message is acted on: whoever the socket's token speaks for.

        Fault trusts_payload_identity: whoever the message says.
        """
        named = message.fields.get("user_id")
        if isinstance(named, str) and named and self._faults.strikes("trusts_payload_identity"):
            return replace(connection.principal, user_id=UserId(named))
        return connection.principal

    async def _ping(self, connection: Connection, session: Session, message: Message) -> None:
        del session
        connection.post(
            Event(
                type="pong",
                user_id=connection.principal.user_id,
                request_id=_request_id(message),
            )
        )

    async def _cancel(self, connection: Connection, session: Session, message: Message) -> None:
        del connection
        self._runs.cancel(session, RequestId(message.text("request_id")))

    async def _get_thread(self, connection: Connection, session: Session, message: Message) -> None:
        del session
        thread_id = ThreadId(message.text("thread_id"))
        speaker = self._speaker(connection, message)
        messages = await self._conversations.messages(speaker, thread_id)
        connection.post(
            Event(
                type="thread_history",
                user_id=connection.principal.user_id,
                thread_id=thread_id,
                request_id=_request_id(message),
                payload={"messages": messages},
            )
        )

    async def _resume_session(
        self, connection: Connection, session: Session, message: Message
    ) -> None:
        last_seq = message.fields.get("last_seq")
        await self._resume.resume(
            connection,
            session,
            Ticket(SessionId(message.text("session_id")), message.text("resume_token")),
            last_seq if isinstance(last_seq, int) else None,
            _request_id(message),
        )

    async def _renew(self, connection: Connection, session: Session, message: Message) -> None:
        """Extend a socket's life with a newer token of the same user."""
        del session
        token = message.fields.get("token")
        if not isinstance(token, str):
            raise PlatformError("bad_request", "`token` must be a text")
        principal = await self._authenticate(token)
        if principal.user_id != connection.principal.user_id:
            raise PlatformError("forbidden", "the token speaks for somebody else")
        connection.principal = principal
        connection.post(
            Event(
                type="authenticated",
                user_id=principal.user_id,
                request_id=_request_id(message),
                payload={"expires_at": principal.expires_at},
            )
        )

    async def _close_on_expiry(self, connection: Connection) -> None:
        """Close the socket when its token expires and was not renewed.

        Fault outlives_logout: a socket that is open stays open.
        """
        while (left_s := connection.principal.expires_at - time.time()) > 0:  # noqa: ASYNC110 - may grow
            await asyncio.sleep(left_s)
        if self._faults.strikes("outlives_logout"):
            return
        error = PlatformError("token_expired", "the token has expired")
        connection.post(error_event(error, connection.principal.user_id))
        connection.close(1008, error.code)


async def _refuse_unknown(connection: Connection, session: Session, message: Message) -> None:
    del connection, session
    raise PlatformError("unknown_type", f"there are no messages of type {message.type}")


def _request_id(message: Message) -> RequestId | None:
    text = message.optional_text("request_id")
    return RequestId(text) if text is not None else None


def _established(connection: Connection, session: Session) -> Event:
    return Event(
        type="connection_established",
        user_id=connection.principal.user_id,
        root={
            "connection_id": connection.id,
            "session_id": session.id,
            "resume_token": session.resume_token,
        },
        payload={"message": "connected"},
    )
