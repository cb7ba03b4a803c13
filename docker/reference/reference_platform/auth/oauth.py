"""OAuth 2.1 over the same accounts: authorization codes with PKCE, and client credentials.

Two clients are known.  The public one stands for an application of users: it gets a code by a
form that the user posts, and tokens for the code and its verifier.  The confidential one is a
service: it gets a token for itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from reference_platform.auth.accounts import Accounts
from reference_platform.auth.codes import Grant
from reference_platform.auth.tokens import InvalidTokenError
from reference_platform.nouns import PlatformError
from reference_platform.storage.database import ConflictError
from reference_platform.web import reply

PUBLIC_CLIENT = "reference-app"
SERVICE_CLIENT = "reference-service"
_REDIRECT = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}/callback")
_CODE_TTL_S = 60
_FORM_LIMIT_BYTES = 16_384
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}

Form = Mapping[str, str]


class OAuthError(Exception):
    """A request that is turned down, in OAuth's words."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


class OAuthRoutes:
    """The authorization server's HTTP."""

    def __init__(self, accounts: Accounts, service_secret: str) -> None:
        """Issue tokens of these accounts; the service client's secret is the services' own."""
        self._accounts = accounts
        self._service_secret = service_secret

    def routes(self) -> list[BaseRoute]:
        """All routes of the authorization server."""
        discover = "/.well-known/oauth-authorization-server"
        return [
            Route(discover, self.discover, methods=["GET"]),
            Route("/.well-known/openid-configuration", self.discover, methods=["GET"]),
            Route("/auth/oauth/authorize", self.ask, methods=["GET"]),
            Route("/auth/oauth/authorize", self.authorize, methods=["POST"]),
            Route("/auth/oauth/token", self.token, methods=["POST"]),
        ]

    async def discover(self, request: Request) -> Response:
        """What there is, and where (RFC 8414)."""
        base = str(request.base_url).rstrip("/")
        return reply(
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/auth/oauth/authorize",
                "token_endpoint": f"{base}/auth/oauth/token",
                "jwks_uri": f"{base}/auth/jwks.json",
                "response_types_supported": ["code"],
                "grant_types_supported": [
                    "authorization_code",
                    "refresh_token",
                    "client_credentials",
                ],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": [
                    "none",
                    "client_secret_post",
                    "client_secret_basic",
                ],
            }
        )

    async def ask(self, request: Request) -> Response:
        """A form for the user to log in with; it posts the request's parameters along."""
        wanted = dict(request.query_params)
        try:
            _check_client(wanted)
        except OAuthError as error:
            return _refused(error)
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in wanted.items()
        )
        return HTMLResponse(
            f'<!doctype html><title>Log in</title><form method="post">{hidden}'
            '<input name="email"><input name="password" type="password">'
            "<button>Log in</button></form>"
        )

    async def authorize(self, request: Request) -> Response:
        """Redirect to the client with a code, or with what was wrong.

        A client or redirect URI that is not known is never redirected to.
        """
        try:
            form = {**request.query_params, **await _form(request)}
            _check_client(form)
        except OAuthError as error:
            return _refused(error)
        answer: dict[str, str] = {}
        try:
            answer["code"] = await self._grant(form)
        except OAuthError as error:
            answer |= {"error": error.error, "error_description": error.description}
        if "state" in form:
            answer["state"] = form["state"]
        location = f"{form['redirect_uri']}?{urlencode(answer)}"
        return RedirectResponse(location, status_code=302, headers=_NO_STORE)

    async def token(self, request: Request) -> Response:
        """Exchange a code, a refresh token or a service's secret for tokens."""
        try:
            form = await _form(request)
            tokens = await self._tokens(form, _client_of(request, form))
        except OAuthError as error:
            return _refused(error)
        return _uncached(reply(tokens))

    async def _grant(self, form: Form) -> str:
        """Log the user in and make a code.  Raises OAuthError."""
        if form.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "only `code` is")
        challenge = form.get("code_challenge", "")
        if form.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
            raise OAuthError("invalid_request", "PKCE with S256 is required")
        try:
            user_id = await self._accounts.check_password(
                form.get("email", ""), form.get("password", "")
            )
        except PlatformError as error:
            raise OAuthError("access_denied", error.message) from None
        code = secrets.token_urlsafe(32)
        grant = Grant(
            user_id=user_id,
            client_id=form["client_id"],
            redirect_uri=form["redirect_uri"],
            challenge=challenge,
            expires_at=time.time() + _CODE_TTL_S,
        )
        await self._accounts.codes.put(code, grant)
        return code

    async def _tokens(self, form: Form, client: tuple[str, str | None]) -> dict[str, Any]:
        client_id, secret = client
        match form.get("grant_type"):
            case "authorization_code":
                return await self._redeem(form, client_id)
            case "refresh_token":
                try:
                    return await self._accounts.refresh(form.get("refresh_token", ""))
                except PlatformError as error:
                    raise OAuthError("invalid_grant", error.message) from None
            case "client_credentials":
                shown = (secret or "").encode()
                right = hmac.compare_digest(shown, self._service_secret.encode())
                if client_id != SERVICE_CLIENT or not right:
                    raise OAuthError("invalid_client", "client id or secret is wrong", 401)
                return await self._accounts.service_tokens(client_id)
        raise OAuthError("unsupported_grant_type", "there is no such grant")

    async def _redeem(self, form: Form, client_id: str) -> dict[str, Any]:
        """Tokens for a code.  Raises OAuthError; a code is spent by any attempt."""
        try:
            grant = await self._accounts.codes.take(form.get("code", ""))
        except ConflictError:
            raise OAuthError("invalid_grant", "the code is not good, or no longer") from None
        verifier = form.get("code_verifier", "")
        digest = hashlib.sha256(verifier.encode()).digest()
        made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            grant.client_id != client_id
            or grant.redirect_uri != form.get("redirect_uri")
            or not _VERIFIER.fullmatch(verifier)
            or not hmac.compare_digest(made, grant.challenge)
        ):
            raise OAuthError("invalid_grant", "the code was given to another request")
        try:
            return await self._accounts.login_of(grant.user_id)
        except InvalidTokenError as error:
            raise OAuthError("invalid_grant", error.message) from None


def _check_client(form: Form) -> None:
    """Raises OAuthError for a client or a redirect URI that is not known."""
    if form.get("client_id") != PUBLIC_CLIENT:
        raise OAuthError("invalid_client", f"the only client with users is {PUBLIC_CLIENT}")
    uri = form.get("redirect_uri", "")
    if not _REDIRECT.fullmatch(uri) or urlsplit(uri).fragment:
        raise OAuthError("invalid_request", "the redirect URI is http://127.0.0.1:PORT/callback")


def _client_of(request: Request, form: Form) -> tuple[str, str | None]:
    """The client's id and secret, from the header or from the form.  Raises OAuthError."""
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret")
    try:
        name, _, secret = base64.b64decode(word, validate=True).decode().partition(":")
    except ValueError:
        raise OAuthError("invalid_client", "the header makes no sense", 401) from None
    return unquote_plus(name), unquote_plus(secret)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form.  Raises OAuthError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "the body must be a form")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_LIMIT_BYTES:
            raise OAuthError("invalid_request", "the form is too large", 413)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise OAuthError("invalid_request", "the form cannot be read") from None
    if len(dict(pairs)) != len(pairs) or "\0" in "".join(value for _, value in pairs):
        raise OAuthError("invalid_request", "each parameter may be given once")
    return dict(pairs)


def _refused(error: OAuthError) -> Response:
    response = reply({"error": error.error, "error_description": error.description}, error.status)
    if error.status == 401:  # noqa: PLR2004 - HTTP's own
        response.headers["www-authenticate"] = "Basic"
    return _uncached(response)


def _uncached(response: Response) -> Response:
    response.headers.update(_NO_STORE)
    return response
