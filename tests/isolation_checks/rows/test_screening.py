"""Rows keep no credential that can be known when they are read, and each mark says whose it was."""

from __future__ import annotations

import base64
import json

import pytest

from isolation_checks import accounts
from isolation_checks.plan import read
from isolation_checks.rows import screening
from tests.isolation_checks.language import subject, written
from tests.isolation_checks.recording import PLAN

KEY = b"a" * 32


@pytest.fixture
def run(tmp_path):
    """A run of ana's, in an installation that has a key of accounts."""
    (tmp_path / ".account-key").write_text(KEY.hex())
    return written("a:", tmp_path)


def screened(run, text, **over):
    plan = read.parse(PLAN, "the test", over)
    return screening.screen(run, plan).marked_text(text)


def test_the_password_of_an_account_is_marked(run):
    """It says whose; it is found in base64, too."""
    secret = accounts.password(KEY, "a@example.org")
    assert "login credential.a." in screened(run, f"login {secret}")
    encoded = base64.b64encode(f"a@example.org:{secret}".encode()).decode()
    assert secret not in base64.b64decode(screened(run, encoded) + "==", validate=False).decode(
        errors="replace"
    )


def token(**claims):
    parts = (json.dumps(each).encode() for each in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts) + ".c2ln"


def test_a_jwt_is_taken_for_its_subject_s(run):
    """Signed or not, raw or in base64; of a subject that is not the run's nobody knows whose."""
    theirs = token(sub=subject("a"), exp=1)
    assert "with credential.a." in screened(run, f"with {theirs}")
    assert "credential.a." in screened(run, base64.b64encode(f"with {theirs}".encode()).decode())
    for claims in ({"sub": "someone-else"}, {"sub": 7}, {"name": "nobody at all"}):
        assert "with credential.unknown." in screened(run, f"with {token(**claims)}")
    assert "with credential.unknown." in screened(run, "with eyJub25zZW5zZQ.bm9uc2Vuc2U.c2ln")


@pytest.mark.parametrize("short", ["2", "10000002", "anastasia"])
def test_a_subject_that_others_may_have_too_tells_only_beside_the_address(tmp_path, short):
    """A third party counts its users as well: whose its token for its user 2 is nobody knows."""
    run = written("a:", tmp_path, subjects={"a": short})
    assert "with credential.unknown." in screened(run, f"with {token(sub=short)}")
    mine = token(sub=short, aud=["us"], email="A@example.org")
    assert "with credential.a." in screened(run, f"with {mine}")


def test_what_the_plan_refers_to_is_marked(run, monkeypatch):
    """Secrets, a signing key, and the password of a database."""
    monkeypatch.setenv("SIGNING", "a-signing-key-of-the-platform")
    monkeypatch.setenv("API", "an-api-key-0123456789")
    monkeypatch.setenv("ROWS", "postgresql://u:a-database%2Fpassword-1@h/d")
    over = {
        "auth": {"secret": "env:SIGNING", "secrets": {"api": "env:API", "gone": "env:NOT_SET"}},
        "rows": {"url": "env:ROWS", "tables": [{"name": "t"}]},
    }
    for secret in (
        "a-signing-key-of-the-platform",
        "an-api-key-0123456789",
        "a-database/password-1",
    ):
        assert screened(run, f"is {secret}", **over).startswith("is credential.plan.")


def test_a_token_of_the_file_is_marked_with_its_user(run, tmp_path):
    """By the subject that the file gives, where it is one of this run."""
    tokens = [f"opaque-token-of-a-1 {subject('a')}", "opaque-token-of-zoe zoe-elsewhere"]
    (tmp_path / "tokens").write_text("\n".join(tokens))
    over = {"auth": {"source": "file", "path": str(tmp_path / "tokens")}}
    assert screened(run, "opaque-token-of-a-1", **over).startswith("credential.a.")
    assert screened(run, "opaque-token-of-zoe", **over).startswith("credential.plan.")


def test_without_a_key_of_accounts_none_is_made(tmp_path):
    """A run that was brought from elsewhere is read all the same."""
    run = written("a:", tmp_path)
    assert "words" == screened(run, "words")
    assert not (tmp_path / ".account-key").exists()
