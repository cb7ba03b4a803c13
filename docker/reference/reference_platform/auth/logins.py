"""Logins: one sign-in of a user each, named by every token of it, believed while it lives.

Whether it lives is asked of the database each time, so that a revoked one is refused at once,
by every worker and every service.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson

from reference_platform.bus import Bus
from reference_platform.nouns import LoginId, Principal, UserId, fresh_id
from reference_platform.storage.database import SERVICE, Database, Statement

_LOOK_S = 0.5


class Logins:
    """Which logins live, and the end of them."""

    def __init__(self, database: Database, bus: Bus) -> None:
        """Keep them in this database and tell every worker of their end over the bus."""
        self._database = database
        self._bus = bus

    async def alive(self, principal: Principal) -> bool:
        """Whether the login behind a token has not ended."""
        rows = await self._database.read(
            SERVICE,
            "SELECT 1 AS alive FROM refresh_tokens WHERE login = ? AND user_id = ? "
            "AND revoked_at IS NULL LIMIT 1",
            principal.login,
            principal.user_id,
        )
        return bool(rows)

    async def end(self, user_id: UserId, login: LoginId | None, action: str) -> None:
        """End one login of a user, or all, and tell every worker."""
        sql = "UPDATE refresh_tokens SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL"
        arguments: tuple[str | float, ...] = (time.time(), user_id)
        if login is not None:
            sql += " AND login = ?"
            arguments += (login,)
        audit = audit_entry(user_id, action, {"login": login})
        await self._database.write(SERVICE, [Statement(sql, arguments), audit])
        self._bus.publish("revoked", {"user_id": user_id, "login": login, "reason": action})

    async def watch(self) -> None:
        """Look for logins that a service ended which no bus connects with this one."""
        seen = time.time()
        while True:
            await asyncio.sleep(_LOOK_S)
            now = time.time()
            for row in await self._database.read(
                SERVICE,
                "SELECT DISTINCT user_id, login FROM refresh_tokens WHERE revoked_at > ?",
                seen - 2 * _LOOK_S,  # clocks and commits of others lag; hearing twice does no harm
            ):
                self._bus.publish("revoked", {**row, "reason": "logout"})
            seen = now

    async def forget_expired(self) -> None:
        """Delete refresh tokens that are long past their use."""
        limit = time.time() - 86_400
        statement = Statement("DELETE FROM refresh_tokens WHERE expires_at < ?", (limit,))
        await self._database.write(SERVICE, [statement])


def audit_entry(user_id: str, action: str, detail: dict[str, Any]) -> Statement:
    """The statement that notes what a user did."""
    return Statement(
        "INSERT INTO audit (id, user_id, action, detail, created_at) VALUES (?, ?, ?, ?, ?)",
        (fresh_id(), user_id, action, orjson.dumps(detail).decode(), time.time()),
    )
