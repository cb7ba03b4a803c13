"""Tokens of our own making, signed with the platform's own key."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt

from isolation_checks.dialects import template
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan.tables.auth import Auth
from isolation_checks.plan.units import Secret
from isolation_checks.records import RunId
from locustfiles.driving.principals import Principal
from locustfiles.driving.tokens.fresh import stale, took
from locustfiles.driving.tokens.http import names_of


class MintedTokens:
    """Signs tokens with the platform's own secret."""

    def __init__(self, auth: Auth, credentials: Credentials, run: RunId) -> None:
        assert auth.secret is not None
        self._auth = auth
        self._credentials = credentials
        self._run = run
        self._secret = Secret(auth.secret).value()
        credentials.know(self._secret, "the platform")
        self._headers = {} if auth.kid is None else {"kid": auth.kid}

    def token(self, principal: Principal) -> str:
        """A token of our own making, made anew when it runs out."""
        if principal.access is None:
            self._mint(principal)
        else:
            self.renew(principal)
        assert principal.access is not None
        return principal.access

    def renew(self, principal: Principal) -> bool:
        """Make a new one when the old one runs out soon."""
        if principal.access is None or not stale(principal):
            return False
        self._mint(principal)
        return True

    def refresh(self, principal: Principal) -> bool:  # noqa: ARG002 - the protocol's signature
        """There is no login to refresh."""
        return False

    def _mint(self, principal: Principal) -> None:
        names = names_of(principal, self._run)
        subject = str(template.fill(self._auth.subject, names))
        now = int(time.time())
        standard = {
            "sub": subject,
            "iat": now,
            "exp": now + int(self._auth.lifetime),
            "jti": str(uuid.uuid4()),
        }
        names |= {"subject": subject, "issued": now, "expires": standard["exp"]}
        claims = standard | template.fill(self._auth.claims, names)
        principal.subject = str(claims["sub"])
        took(principal, self._signed(claims), self._credentials)

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(
            claims, self._secret, algorithm=self._auth.algorithm, headers=self._headers
        )
