"""JSON Web Tokens: issued and verified with one pinned algorithm, issuer, audience and type."""

from __future__ import annotations

import time
from typing import Any, Literal

import jwt

from reference_platform.auth.keys import read_keys
from reference_platform.nouns import LoginId, PlatformError, Principal, TenantId, UserId, fresh_id
from reference_platform.settings import Settings

ISSUER = "reference-platform"
AUDIENCE = "reference-backend"
PERMISSIONS = ("chat", "threads")

TokenType = Literal["access", "refresh"]

_REQUIRED = ["sub", "iat", "exp", "iss", "aud", "jti", "token_type", "login", "tenant", "email"]


class InvalidTokenError(PlatformError):
    """A token that proves nothing.  Does not say why in detail."""

    def __init__(self, message: str = "the token is not valid") -> None:
        super().__init__("auth_failed", message)


class Tokens:
    """Issues and verifies the platform's tokens."""

    def __init__(self, settings: Settings) -> None:
        """Sign with the settings' key.  Raises ValueError when it is not of the right kind."""
        self._algorithm = settings.signing
        self._environment = settings.environment
        self._ttl_s = {"access": settings.access_ttl_s, "refresh": settings.refresh_ttl_s}
        keys = read_keys(settings.signing, settings.secrets.signing_key)
        self._keys = keys
        self.jwks: dict[str, Any] = {"keys": list(keys.published)}

    def issue(self, kind: TokenType, principal: Principal) -> str:
        """A signed token for this principal, for as long as its kind lasts."""
        now = int(time.time())
        claims = {
            "sub": principal.user_id,
            "iat": now,
            "exp": now + self._ttl_s[kind],
            "iss": ISSUER,
            "aud": AUDIENCE,
            "jti": fresh_id(),
            "token_type": kind,
            "env": self._environment,
            "login": principal.login,
            "email": principal.email,
            "tenant": principal.tenant,
            "permissions": PERMISSIONS,
        }
        return jwt.encode(
            claims, self._keys.signing, self._algorithm, headers=dict(self._keys.headers)
        )

    def verify(self, kind: TokenType, token: str) -> Principal:
        """Whom a token speaks for.  Raises InvalidTokenError."""
        try:
            claims = jwt.decode(
                token,
                self._keys.verifying,
                algorithms=[self._algorithm],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise InvalidTokenError("the token has expired") from None
        except (jwt.InvalidTokenError, ValueError):
            raise InvalidTokenError from None
        if claims["token_type"] != kind or claims["env"] != self._environment:
            raise InvalidTokenError
        return _principal(claims)

    def unsigned(self, token: str) -> Principal | None:
        """Whom a token without a signature claims to speak for, if it is one."""
        try:
            if jwt.get_unverified_header(token).get("alg") != "none":
                return None
            claims = jwt.decode(token, options={"verify_signature": False, "require": ["sub"]})
        except (jwt.InvalidTokenError, ValueError):
            return None
        blank = {"email": "", "tenant": claims["sub"], "login": "", "exp": time.time() + 900}
        return _principal({**blank, **claims})


def _principal(claims: dict[str, Any]) -> Principal:
    return Principal(
        user_id=UserId(claims["sub"]),
        email=claims["email"],
        tenant=TenantId(claims["tenant"]),
        login=LoginId(claims["login"]),
        expires_at=float(claims["exp"]),
    )
