"""Asks a separate auth service whom a token speaks for."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from reference_platform.auth.tokens import InvalidTokenError
from reference_platform.nouns import LoginId, PlatformError, Principal, TenantId, UserId

_THREADS = 8
_LIMIT_S = 5.0


class RemoteAuthentication:
    """Authenticates by asking another service, with the secret that services share."""

    def __init__(self, auth_url: str, service_secret: str) -> None:
        """Ask the service at this address."""
        self._url = f"{auth_url.rstrip('/')}/auth/validate"
        self._secret = service_secret
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="validate")

    async def authenticate(self, access_token: str) -> Principal:
        """Whom a token speaks for.  Raises PlatformError."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, self._ask, access_token)
        if not found["valid"]:
            raise InvalidTokenError(found["reason"])
        if found["expires_at"] <= time.time():
            raise InvalidTokenError("the token has expired")
        return Principal(
            user_id=UserId(found["user_id"]),
            email=found["email"],
            tenant=TenantId(found["tenant"]),
            login=LoginId(found["login"]),
            expires_at=found["expires_at"],
        )

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, token: str) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the operator names the service
            self._url,
            data=orjson.dumps({"token": token}),
            headers={"Content-Type": "application/json", "X-Service-Secret": self._secret},
        )
        try:
            with urllib.request.urlopen(request, timeout=_LIMIT_S) as response:  # noqa: S310 - the same
                found: dict[str, Any] = orjson.loads(response.read())
        except (urllib.error.URLError, TimeoutError) as error:
            raise PlatformError("auth_unavailable", "the auth service does not answer") from error
        return found
