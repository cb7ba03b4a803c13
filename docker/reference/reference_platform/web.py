"""What both services' HTTP share: bodies read with care, errors told in one form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from reference_platform.nouns import PlatformError

_BODY_LIMIT_BYTES = 5 * 1024 * 1024

STATUS: Mapping[str, int] = {
    "auth_failed": 401,
    "auth_unavailable": 503,
    "bad_request": 400,
    "email_taken": 409,
    "forbidden": 403,
    "not_found": 404,
    "too_large": 413,
}


def reply(content: object, status: int = 200) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def refuse(request: Request, error: Exception) -> Response:
    """A PlatformError as a response."""
    del request
    assert isinstance(error, PlatformError)
    body = {"error": {"code": error.code, "message": error.message}}
    response = reply(body, STATUS.get(error.code, 400))
    if response.status_code == STATUS["auth_failed"]:
        response.headers["www-authenticate"] = "Bearer"
    return response


async def read_object(request: Request) -> dict[str, Any]:
    """The request's body as a JSON object.  Raises PlatformError."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT_BYTES:
            raise PlatformError("too_large", f"a body may have {_BODY_LIMIT_BYTES} bytes")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise PlatformError("bad_request", "the body must be a JSON object")
    return value


def text_of(body: Mapping[str, Any], name: str) -> str:
    """A text that must be there and say something.  Raises PlatformError."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise PlatformError("bad_request", f"`{name}` must be a text that says something")
    return value


def pairs_of(body: Mapping[str, Any], first: str, second: str) -> list[tuple[str, str]]:
    """The body's `items`, each a pair of texts under these names.  Raises PlatformError."""
    items = body.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise PlatformError("bad_request", "`items` must be a list of objects")
    return [(text_of(item, first), text_of(item, second)) for item in items]
