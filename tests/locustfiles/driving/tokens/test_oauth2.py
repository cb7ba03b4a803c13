"""OAuth 2 against the reference platform, and against a provider that nobody here wrote."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import jwt
import pytest

from isolation_checks.errors import UsageError
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan import read, references
from isolation_checks.records import RunId
from locustfiles.driving import tokens
from locustfiles.driving.principals import Roster
from tests.end_to_end.platforms import platform

LIMIT_S = 15
SECRET = "the services' own secret, as long as it must be"
PLAN = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1"
http = "{http}"
[auth]
source = "oauth2"
carry = {{ headers = {{ Authorization = "Bearer {{token}}" }} }}
{register}
[auth.oauth2]
{oauth2}
"""
REGISTER = """
[auth.register]
path = "/auth/register"
send = { email = "{email}", password = "{password}", name = "{name}" }
"""
BY_CODE = """
authorize = "/auth/oauth/authorize"
token = "/auth/oauth/token"
client_id = "reference-app"
redirect_uri = "http://127.0.0.1:9/callback"
form = { email = "{email}", password = "{password}" }
"""
BY_CLIENT = """
grant = "client_credentials"
token = "/auth/oauth/token"
clients = "CLIENTS"
"""
ELSEWHERE = """
authorize = "/oauth2/authorize"
token = "/oauth2/token"
client_id = "crosstalk"
client_secret = "env:CROSSTALK_TEST_CLIENT"
basic = true
scope = "openid email"
form = { sub = "{email}" }
"""


@pytest.fixture(scope="module")
def reference():
    env = {**os.environ, "REFERENCE_SERVICE_SECRET": SECRET}
    with platform("--access-ttl", "40", env=env) as announced:
        yield announced["http"]


@pytest.fixture(scope="module")
def provider():
    """The OpenID provider of `oidc-provider-mock`, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + LIMIT_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"http://127.0.0.1:{port}/.well-known/openid-configuration")
                break
            assert time.monotonic() < limit, "the provider did not start"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def roster():
    return Roster(
        key=b"k" * 32,
        account_key=secrets.token_bytes(32),
        run=RunId("a-run"),
        slot=0,
        seed=1,
        tenants=0,
    )


def source_of(http, oauth2, register="", processes=1):
    plan = read.parse(PLAN.format(http=http, oauth2=oauth2, register=register), "a plan")
    credentials = Credentials(b"k" * 32)
    return tokens.token_source(plan, credentials, RunId("a-run"), 0, processes), credentials


def test_users_log_in_by_the_providers_pages_each_as_themselves(reference, roster):
    """Registered, led through the form, and given a token by a code with PKCE."""
    source, credentials = source_of(reference, BY_CODE, REGISTER)
    one, other = roster.next("user"), roster.next("user")
    got = [source.token(one), source.token(other)]
    assert len({one.subject, other.subject}) == 2
    for principal, token in zip((one, other), got, strict=True):
        assert principal.subject == jwt.decode(token, options={"verify_signature": False})["sub"]
        headers = {"Authorization": f"Bearer {token}"}
        assert 200 == httpx.get(f"{reference}/threads", headers=headers).status_code
        for secret in (token, principal.refresh, principal.password):
            assert credentials.suspects(secret.encode())
    assert got == [source.token(one), source.token(other)]


def test_a_code_s_token_is_refreshed_and_else_got_anew(reference, roster):
    """By the refresh token, which rotates; where that is good for nothing, by a new login."""
    source, _ = source_of(reference, BY_CODE, REGISTER)
    principal = roster.next("user")
    first, refresh = source.token(principal), principal.refresh
    assert not source.renew(principal)
    principal.expires_s = time.time() + 1
    assert source.renew(principal)
    assert principal.access != first
    assert principal.refresh != refresh
    principal.expires_s, principal.refresh = time.time() + 1, "spent"
    second = principal.access
    assert source.renew(principal)
    assert principal.access != second


def test_a_wrong_password_is_said(reference, roster):
    """In the provider's own word."""
    source, _ = source_of(reference, BY_CODE)  # nobody registered
    with pytest.raises(tokens.AuthError, match="no code but access_denied"):
        source.token(roster.next("user"))


@pytest.mark.parametrize("basic", ["basic = true", ""])
def test_clients_of_a_file_get_tokens_of_their_own(reference, roster, tmp_path, basic):
    """By HTTP Basic or in the form; for more principals than clients there is none."""
    path = tmp_path / "clients.txt"
    path.write_text(f"# id and secret\nreference-service {SECRET.replace(' ', '_')}\n", "utf-8")
    source, _ = source_of(reference, BY_CLIENT.replace("CLIENTS", str(path)) + basic)
    with pytest.raises(tokens.AuthError, match=r"client_credentials answered 401 .*invalid_client"):
        source.token(roster.next("user"))
    with pytest.raises(tokens.AuthError, match="no client is left"):
        source.token(roster.next("user"))


def test_a_clients_secret_is_good_for_a_token(roster, tmp_path):
    """That speaks for the client itself; got anew when it runs out, for there is no refresh."""
    path = tmp_path / "clients.txt"
    word = "a-secret-without-a-space-in-it-0001"
    path.write_text(f"reference-service {word}\n", "utf-8")
    env = {**os.environ, "REFERENCE_SERVICE_SECRET": word}
    with platform(env=env) as announced:
        plain = BY_CLIENT.replace("CLIENTS", str(path))
        for basic in ("basic = true", ""):
            source, credentials = source_of(announced["http"], plain + basic)
            principal = roster.next("user")
            token = source.token(principal)
            assert "service:reference-service" == principal.subject
            assert credentials.suspects(word.encode())
            principal.expires_s = time.time() + 1
            assert source.renew(principal)
            assert principal.access != token


def test_a_provider_that_nobody_here_wrote(provider, roster, monkeypatch):
    """Its tokens are opaque: whose they are is said by the id token beside them."""
    monkeypatch.setenv("CROSSTALK_TEST_CLIENT", "any secret does here")
    source, credentials = source_of(provider, ELSEWHERE)
    principal = roster.next("user")
    token = source.token(principal)
    assert principal.email == principal.subject
    assert credentials.suspects(token.encode())
    answer = httpx.get(f"{provider}/userinfo", headers={"Authorization": f"Bearer {token}"})
    if answer.status_code == 404:
        answer = httpx.get(
            f"{provider}/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"}
        )
    assert principal.email == answer.json()["sub"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one", "an id and a secret a line"),
        ("", "holds no client"),
        ("a secret-1\na secret-2", "or one twice"),
    ],
)
def test_a_file_of_clients_that_is_none(tmp_path, text, said):
    """One sentence, before anything is driven."""
    path = tmp_path / "clients.txt"
    path.write_text(text, "utf-8")
    oauth2 = BY_CLIENT.replace("CLIENTS", str(path))
    plan = read.parse(PLAN.format(http="http://127.0.0.1:1", oauth2=oauth2, register=""), "p")
    with pytest.raises(UsageError, match=said):
        references.require(plan)


class _Page(BaseHTTPRequestHandler):
    """A login page that is not as it should be, by its path."""

    def do_GET(self):
        how = self.path.partition("?")[0]
        state = re.search(r"state=([^&]*)", self.path)
        location = {
            "/stranger": "http://192.0.2.1/login",
            "/forged": "http://127.0.0.1:9/callback?code=a-code-0000000001&state=another",
            "/round": "/round",
            "/refused": f"http://127.0.0.1:9/callback?error=no&state={state and state[1]}",
        }.get(how)
        self.send_response(302 if location else 404 if how == "/gone" else 200)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"no")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def pages():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/stranger", "leads to 192.0.2.1, which target.allow_hosts does not name"),
        ("/forged", "another state"),
        ("/round", "did not end within"),
        ("/refused", "no code but no"),
        ("/gone", "answered 404"),
        ("/plain", "has no form"),
    ],
)
def test_a_login_that_leads_astray_gives_no_token(pages, roster, path, said):
    """And goes to no host that the plan does not allow."""
    source, _ = source_of(pages, BY_CODE.replace("/auth/oauth/authorize", path))
    with pytest.raises(tokens.AuthError, match=said):
        source.token(roster.next("user"))
