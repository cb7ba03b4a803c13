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
from locustfiles.driving.tokens.fresh import took
from locustfiles.driving.tokens.http import names_of
from locustfiles.driving.tokens.keeping import Keeping


class MintedTokens(Keeping):
    """Signs tokens with the platform's own secret."""

    def __init__(self, auth: Auth, credentials: Credentials, run: RunId) -> None:
        assert auth.secret is not None
        super().__init__()
        self._auth = auth
        self._credentials = credentials
        self._run = run
        self._secret = Secret(auth.secret).value()
        credentials.know(self._secret, "the platform")
        self._headers = {} if auth.kid is None else {"kid": auth.kid}

    def refresh(self, principal: Principal) -> bool:  # noqa: ARG002 - the protocol's signature
        """There is no login to refresh."""
        return False

    def _first(self, principal: Principal) -> None:
        """Make one."""
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

    _again = _first

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(
            claims, self._secret, algorithm=self._auth.algorithm, headers=self._headers
        )
