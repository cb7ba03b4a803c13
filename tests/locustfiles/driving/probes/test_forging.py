"""Forged tokens are wrong in one thing each, and a sound verifier refuses them all."""

from __future__ import annotations

import base64
import functools
import time

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from isolation_checks import probing
from isolation_checks.probing import Family
from locustfiles.driving.probes import forging

SECRET = "a secret of the platform's, long enough"
CLAIMS = {"sub": "u-1", "aud": "backend", "iss": "platform", "jti": "1"}
KINDS = [kind for kind in probing.KINDS[Family.TOKENS] if kind != "no token"]
NOW = time.time()


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {
    "HS256": (SECRET, SECRET),
    "RS256": (pem(RSA), RSA.public_key()),
    "ES256": (pem(key := ec.generate_private_key(ec.SECP256R1())), key.public_key()),
    "EdDSA": (pem(own := ed25519.Ed25519PrivateKey.generate()), own.public_key()),
}


def real(algorithm="HS256", **claims):
    dates = {"iat": int(NOW), "exp": int(NOW) + 900}
    key = KEYS[algorithm][0]
    return jwt.encode({**CLAIMS, **dates, **claims}, key, algorithm, headers={"kid": "k-1"})


@functools.cache
def model(algorithm="HS256"):
    public = orjson.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key()))
    return forging.model_of(
        real(algorithm), key=KEYS[algorithm][0], algorithm=algorithm, public=public
    )


def verified(token, algorithm="HS256", key=None):
    return jwt.decode(
        token,
        key or KEYS[algorithm][1],
        algorithms=[algorithm],
        audience="backend",
        issuer="platform",
    )


@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_verifier_refuses_every_kind(kind, algorithm):
    """By each algorithm, in whatever turn."""
    for turn in range(4):
        token = forging.forged(kind, model(algorithm), turn, NOW)
        with pytest.raises(jwt.InvalidTokenError):
            verified(token, algorithm)


@pytest.mark.parametrize("algorithm", KEYS)
def test_what_is_minted_by_the_platforms_key_is_good(algorithm):
    """So that what is wrong in one thing only is refused for that thing."""
    assert "u-1" == verified(model(algorithm).minted(NOW), algorithm)["sub"]


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_each_kind_is_what_it_is_called():
    """In its header, its claims, or its signature."""
    made = {kind: forging.forged(kind, model(), 0, NOW) for kind in KINDS}
    assert made["no signature"].endswith(".")
    assert "none" == jwt.get_unverified_header(made["alg none"])["alg"]
    turns = [forging.forged("alg none", model(), turn, NOW) for turn in range(4)]
    headers = {orjson.loads(_part(token))["alg"] for token in turns}
    assert set(forging.NONES) == headers
    assert "k-1" != jwt.get_unverified_header(made["unknown kid"])["kid"]
    assert jwt.get_unverified_header(made["kid as a path"])["kid"].endswith("/dev/null")
    assert claims_of(made["expired"])["exp"] < NOW - 3_000
    assert claims_of(made["expired"])["iat"] < claims_of(made["expired"])["exp"]
    assert "u-1" == claims_of(made["wrong signature"])["sub"]
    with pytest.raises(jwt.DecodeError):
        claims_of(made["made-up token"])


def _part(token):
    head = token.partition(".")[0]
    return base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))


def test_what_a_careless_verifier_would_take():
    """An empty secret, the selected one, the public key's text: each is what it was signed by."""
    path = forging.forged("kid as a path", model(), 0, NOW)
    assert forging._hmac(b"")(path.rpartition(".")[0].encode()) == _signature(path)
    sql = forging.forged("kid as SQL", model(), 0, NOW)
    secret = jwt.get_unverified_header(sql)["kid"].split("'")[2]
    assert forging._hmac(secret.encode())(sql.rpartition(".")[0].encode()) == _signature(sql)
    public = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    token = forging.forged("public key as a secret", model("RS256"), 0, NOW)
    assert forging._hmac(public)(token.rpartition(".")[0].encode()) == _signature(token)


def _signature(token):
    last = token.rpartition(".")[2]
    return base64.urlsafe_b64decode(last + "=" * (-len(last) % 4))


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("expired", "key is not known"),
        ("other audience", "name no audience"),
        ("other issuer", "name no issuer"),
        ("public key as a secret", "publishes no key"),
    ],
)
def test_what_cannot_be_made_says_why(kind, why):
    """A token of a platform that has no such thing."""
    bare = forging.model_of(jwt.encode({"sub": "u-1"}, SECRET))
    with pytest.raises(forging.CannotBeMadeError, match=why):
        forging.forged(kind, bare, 0, NOW)


def test_an_opaque_token_cannot_be_taken_apart():
    with pytest.raises(forging.CannotBeMadeError, match="no JWTs"):
        forging.model_of("opaque-token-0001")


def test_a_key_of_another_kind_is_said():
    wrong = forging.model_of(real(), key=SECRET, algorithm="RS256")
    with pytest.raises(forging.CannotBeMadeError, match="no key for RS256"):
        wrong.minted(NOW)
