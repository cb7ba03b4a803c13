"""Authorization codes: short-lived, good for one use, known by their hashes only."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from reference_platform.storage.database import SERVICE, ConflictError, Database, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a code stands for."""

    user_id: str
    client_id: str
    redirect_uri: str
    challenge: str
    expires_at: float


class Codes:
    """The codes that were given out, in the database: any worker may redeem them."""

    def __init__(self, database: Database) -> None:
        """Keep them in this database."""
        self._database = database

    async def put(self, code: str, grant: Grant) -> None:
        """Note a new code; old ones go."""
        await self._database.write(
            SERVICE,
            [
                Statement("DELETE FROM oauth_codes WHERE expires_at < ?", (time.time() - 60,)),
                Statement(
                    "INSERT INTO oauth_codes (hash, user_id, client_id, redirect_uri, challenge, "
                    "expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        _hash(code),
                        grant.user_id,
                        grant.client_id,
                        grant.redirect_uri,
                        grant.challenge,
                        grant.expires_at,
                    ),
                ),
            ],
        )

    async def take(self, code: str) -> Grant:
        """What a code stands for; it is spent.  Raises ConflictError when it is not good."""
        rows = await self._database.read(
            SERVICE,
            "SELECT user_id, client_id, redirect_uri, challenge, expires_at FROM oauth_codes "
            "WHERE hash = ?",
            _hash(code),
        )
        spend = Statement("DELETE FROM oauth_codes WHERE hash = ?", (_hash(code),), touches=1)
        await self._database.write(SERVICE, [spend])
        grant = Grant(**rows[0])
        if grant.expires_at < time.time():
            raise ConflictError("the code has expired")
        return grant


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
