"""The key that tokens are signed with, and what the world may know of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from reference_platform.settings import Signing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What signs, what verifies, what is published, and the key's name in headers."""

    signing: Any
    verifying: Any
    published: tuple[dict[str, Any], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def read_keys(signing: Signing, secret: str) -> Keys:
    """The keys of a secret: an HMAC secret, or a private key as PEM.

    Raises ValueError when it is not of the kind that the algorithm takes.
    """
    if signing == "HS256":
        return Keys(signing=secret, verifying=secret)
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(secret.encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError(f"{signing} needs a private key as PEM, without a password") from None
    public = _PUBLIC[signing](private)
    if public is None:
        raise ValueError(f"{signing} needs {_KINDS[signing]} as PEM")
    required = {name: public[name] for name in sorted(public)}
    kid = _base64(hashlib.sha256(orjson.dumps(required)).digest())  # RFC 7638
    return Keys(
        signing=private,
        verifying=private.public_key(),
        published=({**public, "kid": kid, "alg": signing, "use": "sig"},),
        headers={"kid": kid},
    )


def new_key(signing: Signing) -> str:
    """A fresh private key as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    private: PrivateKeyTypes
    if signing == "RS256":
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif signing == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = ed25519.Ed25519PrivateKey.generate()
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _rsa(private: PrivateKeyTypes) -> dict[str, str] | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(private, RSAPrivateKey):
        return None
    numbers = private.public_key().public_numbers()
    return {"kty": "RSA", "e": _base64_uint(numbers.e), "n": _base64_uint(numbers.n)}


def _p256(private: PrivateKeyTypes) -> dict[str, str] | None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey

    if not isinstance(private, EllipticCurvePrivateKey) or not isinstance(private.curve, SECP256R1):
        return None
    numbers = private.public_key().public_numbers()
    x, y = (_base64(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _ed25519(private: PrivateKeyTypes) -> dict[str, str] | None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not isinstance(private, Ed25519PrivateKey):
        return None
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64(private.public_key().public_bytes_raw())}


_PUBLIC: dict[str, Callable[[PrivateKeyTypes], dict[str, str] | None]] = {
    "RS256": _rsa,
    "ES256": _p256,
    "EdDSA": _ed25519,
}
_KINDS = {
    "RS256": "an RSA private key",
    "ES256": "a private key on the curve P-256",
    "EdDSA": "an Ed25519 private key",
}


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _base64_uint(number: int) -> str:
    """A number as JWKs write it."""
    return _base64(number.to_bytes((number.bit_length() + 7) // 8))
