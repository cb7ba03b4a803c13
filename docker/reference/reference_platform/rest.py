"""The backend's HTTP: threads, orders, documents, the account itself, health."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reference_platform.auth.guard import Authenticate, principal_of
from reference_platform.nouns import NotFoundError, Principal, ThreadId
from reference_platform.storage.belongings import Belongings
from reference_platform.storage.conversations import Conversations
from reference_platform.storage.database import ConflictError
from reference_platform.web import pairs_of, read_object, reply, text_of


class RestRoutes:
    """Turns requests of users into calls of the stores."""

    def __init__(
        self,
        authenticate: Authenticate,
        conversations: Conversations,
        belongings: Belongings,
        forget_user: Callable[[Principal], Awaitable[None]],
    ) -> None:
        """Serve these stores to whom `authenticate` believes."""
        self._authenticate = authenticate
        self._conversations = conversations
        self._belongings = belongings
        self._forget_user = forget_user

    def routes(self) -> list[BaseRoute]:
        """All routes of the backend but the WebSocket."""
        thread = "/threads/{thread_id}"
        return [
            Route("/health", self.health, methods=["GET"]),
            Route("/threads", self.create_thread, methods=["POST"]),
            Route("/threads", self.list_threads, methods=["GET"]),
            Route(thread, self.read_thread, methods=["GET"]),
            Route(thread, self.delete_thread, methods=["DELETE"]),
            Route(f"{thread}/messages", self.read_messages, methods=["GET"]),
            Route("/orders", self.put_orders, methods=["PUT"]),
            Route("/orders", self.list_orders, methods=["GET"]),
            Route("/documents", self.put_documents, methods=["PUT"]),
            Route("/documents", self.list_documents, methods=["GET"]),
            Route("/users/me", self.delete_user, methods=["DELETE"]),
        ]

    async def health(self, request: Request) -> Response:
        """Whether the backend serves."""
        del request
        return reply({"status": "ok"})

    async def create_thread(self, request: Request) -> Response:
        """Make an empty thread."""
        principal = await self._principal(request)
        title = text_of(await read_object(request), "title")
        return reply(await self._conversations.create(principal, title), 201)

    async def list_threads(self, request: Request) -> Response:
        """The user's threads."""
        principal = await self._principal(request)
        return reply({"threads": await self._conversations.all_of(principal)})

    async def read_thread(self, request: Request) -> Response:
        """One thread."""
        principal = await self._principal(request)
        return reply(await self._conversations.thread(principal, _thread_id(request)))

    async def read_messages(self, request: Request) -> Response:
        """A thread's messages."""
        principal = await self._principal(request)
        messages = await self._conversations.messages(principal, _thread_id(request))
        return reply({"messages": messages})

    async def delete_thread(self, request: Request) -> Response:
        """Delete a thread and its messages."""
        principal = await self._principal(request)
        try:
            await self._conversations.delete(principal, _thread_id(request))
        except ConflictError:
            raise NotFoundError("thread") from None
        return Response(status_code=204)

    async def put_orders(self, request: Request) -> Response:
        """Replace the user's orders."""
        principal = await self._principal(request)
        items = pairs_of(await read_object(request), "code", "description")
        await self._belongings.put_orders(principal, items)
        return reply({"count": len(items)})

    async def list_orders(self, request: Request) -> Response:
        """The user's orders."""
        principal = await self._principal(request)
        return reply({"orders": await self._belongings.orders(principal)})

    async def put_documents(self, request: Request) -> Response:
        """Replace the user's documents; the tenant shares them."""
        principal = await self._principal(request)
        items = pairs_of(await read_object(request), "title", "content")
        await self._belongings.put_documents(principal, items)
        return reply({"count": len(items)})

    async def list_documents(self, request: Request) -> Response:
        """The tenant's documents."""
        principal = await self._principal(request)
        return reply({"documents": await self._belongings.documents(principal)})

    async def delete_user(self, request: Request) -> Response:
        """Delete the account and everything that it owns."""
        await self._forget_user(await self._principal(request))
        return Response(status_code=204)

    async def _principal(self, request: Request) -> Principal:
        return await principal_of(request, self._authenticate)


def _thread_id(request: Request) -> ThreadId:
    return ThreadId(request.path_params["thread_id"])
