"""Whom the backend believes: it asks the auth service, and does not wait for ever."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from reference_platform.auth.guard import Authenticate
from reference_platform.faults import Faults
from reference_platform.nouns import LoginId, PlatformError, Principal, TenantId, UserId

_LIMIT_S = 6.0
_SHORT_LIMIT_S = 0.2
_COLD_S = 0.5  # what a call takes that must open a connection first
_VALIDATIONS_KEPT = 10_000
_GUEST_TTL_S = 900


class Identity:
    """Finds out whom a token speaks for."""

    def __init__(self, authenticate: Authenticate, faults: Faults) -> None:
        """Ask `authenticate`."""
        self._authenticate = authenticate
        self._faults = faults
        self._limit_s = _SHORT_LIMIT_S if faults.on("shared_identity_fallback") else _LIMIT_S
        self._validated: OrderedDict[str, Principal] = OrderedDict()

    async def authenticate(self, token: str) -> Principal:
        """Whom a token speaks for.  Raises PlatformError.

        Fault outlives_logout: a token that was valid once is not asked about again.
        """
        known = self._validated.get(token)
        if known is not None and self._faults.strikes("outlives_logout"):
            return known
        principal = await self._ask(token)
        if self._faults.on("outlives_logout"):
            self._validated[token] = principal
            if len(self._validated) > _VALIDATIONS_KEPT:
                self._validated.popitem(last=False)
        return principal

    async def _ask(self, token: str) -> Principal:
        """Ask within the limit.

        Fault shared_identity_fallback: some calls are slow, and who cannot be asked about in
        time is a guest, as all the others are.
        """
        try:
            async with asyncio.timeout(self._limit_s):
                if self._faults.strikes("shared_identity_fallback"):
                    await asyncio.sleep(_COLD_S)
                return await self._authenticate(token)
        except TimeoutError:
            if self._faults.on("shared_identity_fallback"):
                return _guest()
            raise PlatformError("auth_unavailable", "the auth service is too slow") from None


def _guest() -> Principal:
    return Principal(
        user_id=UserId("guest"),
        email="guest@localhost",
        tenant=TenantId("guest"),
        login=LoginId("guest"),
        expires_at=time.time() + _GUEST_TTL_S,
    )
