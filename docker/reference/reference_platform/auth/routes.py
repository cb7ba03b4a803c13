"""The auth service's HTTP."""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reference_platform.auth.accounts import Accounts, Registration
from reference_platform.auth.guard import principal_of
from reference_platform.auth.tokens import InvalidTokenError
from reference_platform.nouns import PlatformError
from reference_platform.web import read_object, reply, text_of


class AuthRoutes:
    """Turns requests into calls of the accounts."""

    def __init__(self, accounts: Accounts, service_secret: str) -> None:
        """Serve these accounts; validation is for services that know the secret."""
        self._accounts = accounts
        self._service_secret = service_secret

    def routes(self) -> list[BaseRoute]:
        """All routes of the service."""
        return [
            Route("/auth/register", self.register, methods=["POST"]),
            Route("/auth/login", self.login, methods=["POST"]),
            Route("/auth/refresh", self.refresh, methods=["POST"]),
            Route("/auth/logout", self.logout, methods=["POST"]),
            Route("/auth/validate", self.validate, methods=["POST"]),
            Route("/auth/jwks.json", self.jwks, methods=["GET"]),
        ]

    async def register(self, request: Request) -> Response:
        """Make an account and log in."""
        body = await read_object(request)
        registration = Registration(
            email=text_of(body, "email").strip(),
            password=text_of(body, "password"),
            name=text_of(body, "name"),
            tenant=text_of(body, "tenant") if body.get("tenant") is not None else None,
        )
        return reply(await self._accounts.register(registration), 201)

    async def login(self, request: Request) -> Response:
        """Log in with email and password."""
        body = await read_object(request)
        email, password = text_of(body, "email").strip(), text_of(body, "password")
        return reply(await self._accounts.login(email, password))

    async def refresh(self, request: Request) -> Response:
        """Exchange a refresh token, once."""
        body = await read_object(request)
        return reply(await self._accounts.refresh(text_of(body, "refresh_token")))

    async def logout(self, request: Request) -> Response:
        """End the user's logins."""
        principal = await principal_of(request, self._accounts.authenticate)
        await self._accounts.logout(principal)
        return reply({"status": "logged_out"})

    async def validate(self, request: Request) -> Response:
        """Tell another service whom a token speaks for."""
        shown = request.headers.get("x-service-secret", "")
        if not hmac.compare_digest(shown.encode(), self._service_secret.encode()):
            raise PlatformError("forbidden", "only services may validate tokens")
        token = text_of(await read_object(request), "token")
        try:
            principal = await self._accounts.authenticate(token)
        except InvalidTokenError as error:
            return reply({"valid": False, "reason": error.message})
        return reply(
            {
                "valid": True,
                "user_id": principal.user_id,
                "email": principal.email,
                "tenant": principal.tenant,
                "login": principal.login,
                "expires_at": principal.expires_at,
            }
        )

    async def jwks(self, request: Request) -> Response:
        """The public keys; none when tokens are signed with a shared secret."""
        del request
        return reply(self._accounts.tokens.jwks)
