"""An auth service that does as the path says, for tests of whoever logs in.

Started by file name; prints its port and ends when its standard input does.  What stands
first in a path is how it behaves: `/plain/register`, `/rotating/refresh`, and so on;
`/requests` tells what was asked for, in order, with the times.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

KEY = "a key that is long enough for HS256 and known to nobody else"
LIVES = {"hasty": 10, "skewed": 900, "ageless": None, "renewed": 9_000}
SKEW = 3_600
accounts: dict[str, str] = {}
refreshes: dict[str, str] = {}
requests: list[dict] = []
numbers = itertools.count()


def access(email: str, how: str) -> str:
    """A token for an account, of the life that its service gives."""
    now = int(time.time()) - (SKEW if how == "skewed" else 0)
    claims = {"sub": f"user-{email}", "iat": now, "jti": str(next(numbers))}
    life = LIVES.get(how, 900)
    if life is not None:
        claims["exp"] = now + life
    if how == "odd":
        claims |= {"iat": "yesterday", "exp": True}
    return jwt.encode(claims, KEY)


def granted(email: str, how: str) -> dict:
    """What a login answers."""
    if how in ("cookie", "form"):
        return {"set": f"s%3Aopaque-{next(numbers)}=", "user": {"id": f"u-{email}"}}
    if how == "opaque":
        return {"token": f"opaque-access-token-{next(numbers)}", "user": {"id": "u-1"}}
    refresh = f"refresh-token-{next(numbers):08}"
    refreshes[refresh] = email
    return {"access_token": access(email, how), "refresh_token": refresh, "expires_in": 1}


class Service(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: object) -> None:
        """Send JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if isinstance(body, dict) and "set" in body:
            self.send_header("Set-Cookie", "theme=dark; Path=/")
            self.send_header("Set-Cookie", f"sid={body['set']}; HttpOnly; Path=/; SameSite=Lax")
        if status == 302:
            self.send_header("Location", "/plain/register")
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        """What was asked for until now."""
        self.answer(200, requests)

    def do_POST(self) -> None:
        """Register, log in, or refresh."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, how, what = self.path.split("/")
        form = self.headers.get("Content-Type") == "application/x-www-form-urlencoded"
        asked = {"form": body.decode()} if form else json.loads(body)
        requests.append({"path": self.path, "asked": asked, "at": time.time()})
        if how == "silent":
            self.close_connection = True
            return
        if how in ("401", "500", "302"):
            self.answer(int(how), {"error": "no"})
        elif how == "rubbish":
            self.answer(200, b"<html>\xff it works!</html>")
        elif form:
            self.answer(200, granted("form", how))
        else:
            self.answer(*getattr(self, what)(asked, how))

    def logout(self, asked: dict, how: str) -> tuple[int, dict]:  # noqa: ARG002 - all are called alike
        """Take note of it, and no more."""
        return 200, {}

    def ticket(self, asked: dict, how: str) -> tuple[int, dict]:
        """A ticket that says for which token it was given, and a number of its own."""
        given = asked.get("token", "no-token" if how == "open" else None)
        if given is None:
            return 401, {"error": "no token"}
        return 201, {"data": {"pass": f"ticket-number-{next(numbers)}-for-{given[-8:]}"}}

    def register(self, asked: dict, how: str) -> tuple[int, dict]:
        """Make an account, once."""
        if asked["email"] in accounts:
            return (422 if how == "picky" else 409), {"error": "exists"}
        accounts[asked["email"]] = asked["password"]
        return 201, {"id": "no token yet"} if how in ("picky", "form") else granted(
            asked["email"], how
        )

    def login(self, asked: dict, how: str) -> tuple[int, dict]:
        """Log in to an account."""
        if accounts.get(asked["email"]) != asked["password"]:
            return 401, {"error": "wrong password"}
        return 302 if how == "form" else 200, granted(asked["email"], how)

    def refresh(self, asked: dict, how: str) -> tuple[int, dict]:
        """A new token for a refresh token, which is good once where they rotate."""
        email = refreshes.get(asked["refresh_token"])
        if email is None or how == "forgetful":
            return 401, {"error": "unknown"}
        if how == "rotating":
            del refreshes[asked["refresh_token"]]
            time.sleep(0.05)
        return 200, granted(email, "renewed")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f'{{"port": {server.server_address[1]}}}\n')
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)
