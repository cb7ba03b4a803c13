"""JSON Web Tokens: issued and verified with one pinned algorithm, issuer, audience and type."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any, Literal

import jwt

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
        """Sign with the settings' key: an HMAC secret or an RSA private key."""
        self._algorithm = settings.signing
        self._environment = settings.environment
        self._ttl_s = {"access": settings.access_ttl_s, "refresh": settings.refresh_ttl_s}
        self._signing_key: Any = settings.secrets.signing_key
        self._verifying_key: Any = settings.secrets.signing_key
        self.jwks: dict[str, Any] = {"keys": []}
        self._headers: dict[str, Any] = {}
        if settings.signing == "RS256":
            self._use_rsa(settings.secrets.signing_key)

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
        return jwt.encode(claims, self._signing_key, self._algorithm, headers=self._headers)

    def verify(self, kind: TokenType, token: str) -> Principal:
        """Whom a token speaks for.  Raises InvalidTokenError."""
        try:
            claims = jwt.decode(
                token,
                self._verifying_key,
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
        return Principal(
            user_id=UserId(claims["sub"]),
            email=claims["email"],
            tenant=TenantId(claims["tenant"]),
            login=LoginId(claims["login"]),
            expires_at=float(claims["exp"]),
        )

    def _use_rsa(self, pem: str) -> None:
        """Sign with the private key, verify with the public one, publish that one."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        private = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(private, RSAPrivateKey):
            raise ValueError("RS256 needs an RSA private key as PEM")  # noqa: TRY004 - a setting's value
        public = private.public_key()
        self._signing_key, self._verifying_key = private, public
        numbers = public.public_numbers()
        key = {"kty": "RSA", "e": _base64_uint(numbers.e), "n": _base64_uint(numbers.n)}
        kid = hashlib.sha256(f"{key['e']}.{key['n']}".encode()).hexdigest()[:16]
        self._headers = {"kid": kid}
        self.jwks = {"keys": [{**key, "kid": kid, "alg": "RS256", "use": "sig"}]}


def new_rsa_key() -> str:
    """A fresh RSA private key as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _base64_uint(number: int) -> str:
    """A number as JWKs write it."""
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
