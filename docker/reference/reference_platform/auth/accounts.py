"""Accounts: registered, logged in, refreshed with rotation, logged out."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from reference_platform.auth.logins import Logins, audit_entry
from reference_platform.auth.passwords import Passwords
from reference_platform.auth.tokens import InvalidTokenError, Tokens
from reference_platform.nouns import (
    LoginId,
    PlatformError,
    Principal,
    TenantId,
    UserId,
    fresh_id,
)
from reference_platform.settings import Settings
from reference_platform.storage.database import SERVICE, ConflictError, Database, Row, Statement

_USER = "SELECT id, email, name, tenant, password FROM users WHERE "


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a new user says about themselves."""

    email: str
    password: str
    name: str
    tenant: str | None


class Accounts:
    """The auth service, without its HTTP."""

    def __init__(self, database: Database, settings: Settings, logins: Logins) -> None:
        """Keep accounts in this database."""
        self.tokens = Tokens(settings)
        self._database = database
        self._settings = settings
        self._logins = logins
        self._passwords = Passwords()

    def close(self) -> None:
        """Stop what runs in the background."""
        self._passwords.close()

    async def register(self, registration: Registration) -> dict[str, Any]:
        """Make an account and log in.  Raises PlatformError when the email is taken."""
        user_id = UserId(fresh_id())
        user: Row = {
            "id": user_id,
            "email": registration.email,
            "name": registration.name,
            "tenant": registration.tenant or user_id,  # on their own unless they say otherwise
        }
        password = await self._passwords.hash(registration.password)
        insert = Statement(
            "INSERT INTO users (id, email, name, tenant, password, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (user_id, user["email"], user["name"], user["tenant"], password, time.time()),
        )
        try:
            await self._database.write(SERVICE, [insert])
        except ConflictError:
            raise PlatformError("email_taken", "an account with this email exists") from None
        return await self._log_in(user, "register")

    async def login(self, email: str, password: str) -> dict[str, Any]:
        """Log in.  Raises InvalidTokenError, alike for unknown email and wrong password."""
        rows = await self._database.read(SERVICE, _USER + "email = ?", email)
        if not rows or not await self._passwords.matches(password, rows[0]["password"]):
            raise InvalidTokenError("email or password is wrong")
        return await self._log_in(rows[0], "login")

    async def refresh(self, refresh_token: str) -> dict[str, Any]:
        """Exchange a refresh token for new tokens, once.

        Raises InvalidTokenError; a token that was exchanged before ends its whole login.
        """
        principal = self.tokens.verify("refresh", refresh_token)
        rows = await self._database.read(SERVICE, _USER + "id = ?", principal.user_id)
        if not rows:
            raise InvalidTokenError
        now = time.time()
        rotate = Statement(
            "UPDATE refresh_tokens SET rotated_at = ? WHERE hash = ? AND user_id = ? "
            "AND rotated_at IS NULL AND revoked_at IS NULL",
            (now, _hash(refresh_token), principal.user_id),
            touches=1,
        )
        reply, insert = self._new_tokens(rows[0], principal.login)
        try:
            await self._database.write(SERVICE, [rotate, insert])
        except ConflictError:
            await self._logins.end(principal.user_id, principal.login, "refresh_reuse")
            raise InvalidTokenError("the refresh token was used before") from None
        return reply

    async def logout(self, principal: Principal) -> None:
        """End all logins of a user and close their sockets."""
        await self._logins.end(principal.user_id, None, "logout")

    async def authenticate(self, access_token: str) -> Principal:
        """Whom an access token speaks for.  Raises InvalidTokenError, also for ended logins."""
        principal = self.tokens.verify("access", access_token)
        if not await self._logins.alive(principal):
            raise InvalidTokenError("the login has ended")
        return principal

    async def _log_in(self, user: Row, action: str) -> dict[str, Any]:
        login = LoginId(fresh_id())
        reply, insert = self._new_tokens(user, login)
        audit = audit_entry(user["id"], action, {"login": login})
        await self._database.write(SERVICE, [insert, audit])
        return reply

    def _new_tokens(self, user: Row, login: LoginId) -> tuple[dict[str, Any], Statement]:
        """A reply with fresh tokens, and the statement that makes the refresh token good."""
        principal = Principal(
            user_id=UserId(user["id"]),
            email=user["email"],
            tenant=TenantId(user["tenant"]),
            login=login,
            expires_at=0.0,
        )
        refresh_token = self.tokens.issue("refresh", principal)
        now = time.time()
        insert = Statement(
            "INSERT INTO refresh_tokens (hash, login, user_id, created_at, expires_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (_hash(refresh_token), login, user["id"], now, now + self._settings.refresh_ttl_s),
        )
        reply = {
            "access_token": self.tokens.issue("access", principal),
            "refresh_token": refresh_token,
            "token_type": "bearer",
            "expires_in": self._settings.access_ttl_s,
            "user": {name: user[name] for name in ("id", "email", "name", "tenant")},
        }
        return reply, insert


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
