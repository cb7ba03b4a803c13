"""Accounts: registered, logged in, refreshed with rotation, logged out."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from reference_platform.auth.codes import Codes
from reference_platform.auth.logins import Logins, audit_entry
from reference_platform.auth.passwords import Passwords
from reference_platform.auth.tokens import InvalidTokenError, Tokens
from reference_platform.faults import Faults
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

_PREFIX_CHARACTERS = 32
_VERIFIED_S = 2.0
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

    def __init__(
        self, database: Database, settings: Settings, logins: Logins, faults: Faults
    ) -> None:
        """Keep accounts in this database."""
        self.tokens = Tokens(settings)
        self.codes = Codes(database)
        self._faults = faults
        self._verified: dict[str, tuple[float, Principal]] = {}
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
        return await self._log_in(await self._known(email, password), "login")

    async def check_password(self, email: str, password: str) -> UserId:
        """Whose email and password these are.  Raises InvalidTokenError."""
        return UserId((await self._known(email, password))["id"])

    async def login_of(self, user_id: str) -> dict[str, Any]:
        """Log in a user who has proved themselves by other means.  Raises InvalidTokenError."""
        rows = await self._database.read(SERVICE, _USER + "id = ?", user_id)
        if not rows:
            raise InvalidTokenError
        return await self._log_in(rows[0], "login")

    async def service_tokens(self, client_id: str) -> dict[str, Any]:
        """An access token for a service itself, which is a user without an account."""
        user_id = f"service:{client_id}"
        user: Row = {"id": user_id, "email": "", "name": client_id, "tenant": user_id}
        tokens = await self._log_in(user, "service_login")
        return {k: tokens[k] for k in ("access_token", "token_type", "expires_in")}

    async def refresh(self, refresh_token: str) -> dict[str, Any]:
        """Exchange a refresh token for new tokens, once.

        Raises InvalidTokenError; a token that was exchanged before ends its whole login.
        """
        principal = self._verify_refresh(refresh_token)
        rows = await self._database.read(SERVICE, _USER + "id = ?", principal.user_id)
        if not rows:
            raise InvalidTokenError
        now = time.time()
        rotate = Statement(
            "UPDATE refresh_tokens SET rotated_at = ? WHERE hash = ? "
            "AND rotated_at IS NULL AND revoked_at IS NULL",
            (now, _hash(refresh_token)),
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
        """Whom an access token speaks for.  Raises InvalidTokenError, also for ended logins.

        Fault unverified_token: one without a signature is believed.
        """
        if self._faults.on("unverified_token"):
            claimed = self.tokens.unsigned(access_token)
            if claimed is not None and self._faults.strikes("unverified_token"):
                return claimed
        principal = self.tokens.verify("access", access_token)
        if not await self._logins.alive(principal):
            raise InvalidTokenError("the login has ended")
        return principal

    def _verify_refresh(self, token: str) -> Principal:
        """Whom a refresh token speaks for.  Raises InvalidTokenError.

        Fault refresh_swaps_identity: what was verified a moment ago is found by its beginning.
        """
        if not self._faults.strikes("refresh_swaps_identity"):
            return self.tokens.verify("refresh", token)
        now = time.monotonic()
        until, principal = self._verified.get(token[:_PREFIX_CHARACTERS], (0.0, None))
        if principal is None or until < now:
            principal = self.tokens.verify("refresh", token)
            self._verified[token[:_PREFIX_CHARACTERS]] = (now + _VERIFIED_S, principal)
        return principal

    async def _known(self, email: str, password: str) -> Row:
        """The account with this email and password.  Raises InvalidTokenError."""
        rows = await self._database.read(SERVICE, _USER + "email = ?", email)
        if not rows or not await self._passwords.matches(password, rows[0]["password"]):
            raise InvalidTokenError("email or password is wrong")
        return rows[0]

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
