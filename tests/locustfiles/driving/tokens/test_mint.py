"""Minted tokens are signed by whatever key the plan refers to."""

from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from isolation_checks.errors import UsageError
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan import read, references
from isolation_checks.records import RunId
from locustfiles.driving import tokens
from locustfiles.driving.principals import Roster

PLAN = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1"
[auth]
source = "mint"
secret = "{secret}"
algorithm = "{algorithm}"
kid = "key-1"
carry = {{ headers = {{ Authorization = "Bearer {{token}}" }} }}
"""
KEYS = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize("kept", ["file", "env"])
@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_is_signed_by_a_private_key(algorithm, kept, tmp_path, monkeypatch):
    """Which a file or the environment holds; its name stands in the header."""
    text = pem(KEYS[algorithm])
    monkeypatch.setenv("CROSSTALK_TEST_KEY", text)
    (tmp_path / "key.pem").write_text(text, "utf-8")
    where = {"file": f"file:{tmp_path / 'key.pem'}", "env": "env:CROSSTALK_TEST_KEY"}[kept]
    plan = read.parse(PLAN.format(secret=where, algorithm=algorithm), "a plan")
    source = tokens.token_source(plan, Credentials(b"k" * 32), RunId("a-run"), 0, 1)
    roster = Roster(
        key=b"k" * 32, account_key=b"a" * 32, run=RunId("a-run"), slot=0, seed=1, tenants=0
    )
    token = source.token(roster.next("user"))
    assert "key-1" == jwt.get_unverified_header(token)["kid"]
    public = KEYS[algorithm].public_key()
    assert jwt.decode(token, public, algorithms=[algorithm])["sub"].endswith("a-run")


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("RS256", "no key at all"), ("ES256", pem(KEYS["RS256"])), ("XY1", "a secret of some length")],
)
def test_a_key_of_another_kind_is_the_users_mistake(algorithm, key, monkeypatch):
    """One sentence that says what would be right, and not the key."""
    monkeypatch.setenv("CROSSTALK_TEST_KEY", key)
    plan = read.parse(PLAN.format(secret="env:CROSSTALK_TEST_KEY", algorithm=algorithm), "a plan")
    with pytest.raises(UsageError, match="a private key as PEM") as raised:
        references.require(plan)
    assert key not in str(raised.value)
