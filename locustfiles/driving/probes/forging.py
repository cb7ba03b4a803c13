"""Tokens that prove nothing: each wrong in one thing, made from one that is right.

Pure: it knows no platform, and of time only what it is told.  A token that is made here is
a credential; whoever makes one tells the screen before it is used.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

PAST_S = 3_600
"""By how much an expired token is past its time: no leeway of a clock's is so long."""
UPWARDS = 16
"""So many folders up, and it is the root that is reached, wherever the keys lie."""
NONES = ("none", "None", "NONE", "nOnE")


class CannotBeMadeError(Exception):
    """A token of this kind cannot be made; the message says why, in one clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A token that is right, taken apart, and what is known of the platform's keys."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    key: str | None = None
    algorithm: str = "HS256"
    public: Mapping[str, Any] | None = None
    """One of the platform's public keys, as a JWK."""

    def minted(self, now_s: float, life_s: float = 900.0, **claims: Any) -> str:  # noqa: ANN401 - claims are JSON
        """A token by the platform's own key.

        Raises:
            CannotBeMadeError: there is no key, or it is not of the algorithm's kind.
        """
        now = int(now_s)
        dates = {"iat": now, "nbf": now, "jti": uuid.uuid4().hex}
        dated = {name: value for name, value in dates.items() if name in self.claims}
        expires = now + max(1, int(life_s))
        return self._by_key({**self.claims, **dated, "exp": expires, **claims})

    def _by_key(self, claims: Mapping[str, Any]) -> str:
        if self.key is None:
            raise CannotBeMadeError("the platform's key is not known")
        header = {**self.header, "alg": self.algorithm}
        try:
            algorithm = get_default_algorithms()[self.algorithm]
            key = algorithm.prepare_key(self.key)
            return _put(header, claims, lambda text: algorithm.sign(text, key))
        except (KeyError, ValueError, TypeError, jwt.InvalidKeyError) as error:
            raise CannotBeMadeError(f"probes.key is no key for {self.algorithm}") from error


def model_of(
    token: str,
    *,
    key: str | None = None,
    algorithm: str = "HS256",
    public: Mapping[str, Any] | None = None,
) -> Model:
    """A token taken apart.

    Raises:
        CannotBeMadeError: it is no JWT.
    """
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise CannotBeMadeError("the platform's tokens are no JWTs") from None
    return Model(
        header=header,
        claims=claims,
        key=key,
        algorithm=algorithm,
        public=public,
    )


def forged(kind: str, model: Model, turn: int, now_s: float) -> str:
    """A token of one of the kinds that `probing.KINDS` names.

    Raises:
        CannotBeMadeError: this platform's tokens leave nothing to be wrong in that way.
    """
    return _MAKERS[kind](model, turn, now_s)


def _wrong_signature(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    """Signed by a secret that is nobody's."""
    return _put({**model.header, "alg": "HS256"}, model.claims, _hmac(secrets.token_bytes(32)))


def _no_signature(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    return _put(model.header, model.claims, lambda _: b"")


def _alg_none(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    header = {**model.header, "alg": NONES[turn % len(NONES)]}
    return _put(header, model.claims, lambda _: b"")


def _unknown_kid(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    header = {**model.header, "alg": "HS256", "kid": str(uuid.uuid4())}
    return _put(header, model.claims, _hmac(secrets.token_bytes(32)))


def _kid_as_path(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    """Signed by an empty secret, which is what that file holds."""
    header = {**model.header, "alg": "HS256", "kid": "../" * UPWARDS + "dev/null"}
    return _put(header, model.claims, _hmac(b""))


def _kid_as_sql(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    """Signed by the secret that the statement would select."""
    word = secrets.token_hex(8)
    header = {**model.header, "alg": "HS256", "kid": f"x' UNION SELECT '{word}' -- "}
    return _put(header, model.claims, _hmac(word.encode()))


def _public_as_secret(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    """HMAC by the public key's own text, which everybody can read."""
    if model.public is None:
        raise CannotBeMadeError("the platform publishes no key")
    try:
        key = jwt.PyJWK.from_dict(dict(model.public)).key
    except jwt.PyJWTError as error:
        raise CannotBeMadeError("the platform's public key cannot be read") from error
    text: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _put({**model.header, "alg": "HS256"}, model.claims, _hmac(text))


def _expired(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    return model.minted(now_s - 2 * PAST_S, life_s=PAST_S)


def _other_audience(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    if "aud" not in model.claims:
        raise CannotBeMadeError("the platform's tokens name no audience")
    return model.minted(now_s, aud="somebody-elses-service")


def _other_issuer(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    if "iss" not in model.claims:
        raise CannotBeMadeError("the platform's tokens name no issuer")
    return model.minted(now_s, iss="https://somebody-else.example")


def _made_up(model: Model, turn: int, now_s: float) -> str:  # noqa: ARG001 - the makers' signature
    return secrets.token_urlsafe(24)


_MAKERS: Mapping[str, Callable[[Model, int, float], str]] = {
    "made-up token": _made_up,
    "wrong signature": _wrong_signature,
    "no signature": _no_signature,
    "alg none": _alg_none,
    "unknown kid": _unknown_kid,
    "kid as a path": _kid_as_path,
    "kid as SQL": _kid_as_sql,
    "public key as a secret": _public_as_secret,
    "expired": _expired,
    "other audience": _other_audience,
    "other issuer": _other_issuer,
}


def _hmac(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda text: hmac.digest(secret, text, "sha256")


def _put(
    header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]
) -> str:
    """The three parts of a token."""
    text = b".".join(_base64(orjson.dumps(part)) for part in (header, claims))
    return b".".join((text, _base64(sign(text)))).decode()


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
