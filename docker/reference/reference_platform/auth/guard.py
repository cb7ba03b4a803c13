"""Finds the token in a request and asks who it speaks for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection

from reference_platform.auth.tokens import InvalidTokenError
from reference_platform.nouns import Principal

Authenticate = Callable[[str], Awaitable[Principal]]

_RAW_PREFIXES = ("jwt.", "bearer.")
SUBPROTOCOL = "jwt-auth"
_DOTS = 2  # in a token as it is


def bearer_token(request: HTTPConnection) -> str | None:
    """The token of an ``Authorization: Bearer`` header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def websocket_token(websocket: HTTPConnection) -> tuple[str | None, str | None]:
    """The token of a WebSocket's upgrade, and the subprotocol to answer with.

    Looks at the header, then the subprotocols (``jwt-auth, jwt.<base64url(token)>``,
    ``jwt.<token>``, ``bearer.<token>``), then the query parameter ``token``.
    """
    offered: list[str] = websocket.scope["subprotocols"]
    chosen = SUBPROTOCOL if SUBPROTOCOL in offered else None
    token = bearer_token(websocket)
    if token is not None:
        return token, chosen
    for subprotocol in offered:
        if subprotocol.startswith(_RAW_PREFIXES):
            word = subprotocol.partition(".")[2]
            return _decode(word), chosen or subprotocol
    return websocket.query_params.get("token") or None, chosen


def _decode(word: str) -> str | None:
    """A token as it is, or as base64url without padding."""
    if word.count(".") == _DOTS:
        return word
    try:
        return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None


async def principal_of(request: HTTPConnection, authenticate: Authenticate) -> Principal:
    """Whom a request speaks for.  Raises InvalidTokenError."""
    token = bearer_token(request)
    if token is None:
        raise InvalidTokenError("a bearer token is missing")
    return await authenticate(token)
