"""Tokens: of a file for each its own, of a login by one refresh at a time."""

from __future__ import annotations

import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import orjson
import pytest

from isolation_checks.history.credentials import Credentials
from isolation_checks.plan import read
from isolation_checks.records import RunId
from locustfiles.driving import tokens
from locustfiles.driving.principals import Persona, Principal

PLAN = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1"
http = "http://127.0.0.1:{port}"
[auth]
source = "{source}"
path = "{path}"
secrets = {{ api_key = "file:{path}" }}
carry = {{ headers = {{ Authorization = "{{token}}" }} }}
login = {{ path = "/login", form = {{ user = "{{email}}", key = "{{api_key}}" }} }}
refresh = {{ path = "/refresh", send = {{ refresh_token = "{{refresh_token}}" }} }}
"""


def somebody(name="ana-01"):
    persona = Persona(name="Ana", company="A", street="B", code="1")
    return Principal(
        id=name,
        owner=1,
        role="user",
        tenant=None,
        email=f"{name}@crosstalk.example",
        password="p" * 20,
        persona=persona,
        words=[],
        random=random.Random(1),
    )


def source_of(plan, slot=0, processes=1):
    credentials = Credentials(b"k" * 32)
    return tokens.token_source(plan, credentials, RunId("run-1"), slot, processes), credentials


@pytest.mark.parametrize("first", [0, 3])  # slots go on counting from run to run
def test_every_process_has_tokens_of_its_own(tmp_path, first):
    """And one that comes when they are shared out has none."""
    path = tmp_path / "tokens.txt"
    given = [f"opaque-token-number-{number}" for number in range(7)]
    path.write_text("\n".join(f"{token} u-{token[-1]}" for token in given), "utf-8")
    plan = read.parse(PLAN.format(source="file", path=path, port=1), "a plan")
    taken = []
    for slot in range(first, first + 3):
        source, credentials = source_of(plan, slot, 3)
        for _ in range(3 - (slot % 3 > 0)):
            principal = somebody()
            token = source.token(principal)
            assert f"u-{token[-1]}" == principal.subject
            assert credentials.suspects(token.encode())
            taken.append(token)
        with pytest.raises(tokens.AuthError, match="7 tokens: none is left"):
            source.token(somebody())
    assert sorted(given) == sorted(taken)
    with pytest.raises(tokens.AuthError, match="none is left"):
        source_of(plan, first + 3, 0)[0].token(somebody())


class _Auth(BaseHTTPRequestHandler):
    """Gives tokens that run out at once, and counts."""

    seen: list[tuple[str, dict]]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = self.headers["Content-Type"].startswith("application/x-www-form")
        said = dict(pair.split("=") for pair in body.decode().split("&")) if form else {}
        type(self).seen.append((self.path, said or orjson.loads(body)))
        time.sleep(0.05)
        now = int(time.time())
        claims = {"sub": f"u-{len(self.seen)}", "iat": now - 100, "exp": now + 1}
        if self.path == "/refresh":
            claims["exp"] = now + 1000
        access = jwt.encode(claims, "s" * 32, algorithm="HS256")
        refresh = f"refresh-token-{len(self.seen):03d}"
        answer = orjson.dumps({"access_token": access, "refresh_token": refresh, "id": "x"})
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def auth():
    handler = type("Auth", (_Auth,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], handler.seen
    server.shutdown()
    server.server_close()


def test_a_refresh_token_is_used_once_whoever_asks(tmp_path, auth):
    """Two sessions may find a token stale at once; whom it speaks for is said by the first."""
    port, seen = auth
    path = tmp_path / "key.txt"
    path.write_text("the-key-of-the-gateway", "utf-8")
    plan = read.parse(PLAN.format(source="login", path=path, port=port), "a plan")
    source, credentials = source_of(plan)
    principal = somebody()
    source.token(principal)
    assert "u-1" == principal.subject
    asking = [threading.Thread(target=source.renew, args=(principal,)) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    email = "ana-01%40crosstalk.example"
    assert [
        ("/login", {"user": email, "key": "the-key-of-the-gateway"}),
        ("/refresh", {"refresh_token": "refresh-token-001"}),
    ] == seen
    assert "u-1" == principal.subject
    for secret in ("refresh-token-002", "the-key-of-the-gateway"):
        assert credentials.suspects(f'"{secret}"'.encode())
