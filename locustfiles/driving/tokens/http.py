"""HTTP requests to the platform, as its plan describes them, and what its templates may say."""

from __future__ import annotations

import base64
import time
import urllib.parse
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import urllib3

from isolation_checks.dialects import template
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.auth import Call
from isolation_checks.plan.units import Secret
from isolation_checks.records import RunId
from locustfiles.driving.principals import Principal

OK, REDIRECT, REFUSED = 200, 300, 400
"""The first status of an answer that grants, of one that leads on, and of one that refuses."""
IN_USE = (400, 409, 422)
"""What platforms answer to a registration of an account that there is."""
ALIKE = 8
"""Characters to which platforms cut ids."""


class AuthError(Exception):
    """The platform gave no token; the message says what it answered."""


class Http:
    """HTTP requests to the platform, as its plan describes them."""

    def __init__(self, base: str | None, names: Mapping[str, Any], *, insecure: bool) -> None:
        self.base = (base or "").rstrip("/")
        self._names = names
        self._pool = urllib3.PoolManager(
            maxsize=64, retries=False, cert_reqs="CERT_NONE" if insecure else "CERT_REQUIRED"
        )

    def call(self, call: Call, names: Mapping[str, Any]) -> tuple[int, bytes]:
        """Make a request; its status and body.

        Raises:
            AuthError: there was no answer.
        """
        answer = self._answer(call, names)
        return answer.status, answer.data

    def told(self, call: Call, names: Mapping[str, Any]) -> tuple[int, Any]:
        """Make a request; its status, and what it tells: its JSON, and at `cookies` what it sets.

        Raises:
            AuthError: there was no answer.
        """
        answer = self._answer(call, names)
        told, cookies = json_of(answer.data), _cookies(answer.headers.getlist("set-cookie"))
        if not cookies:
            return answer.status, told
        return answer.status, {"cookies": cookies} | (told if isinstance(told, dict) else {})

    def _answer(self, call: Call, names: Mapping[str, Any]) -> urllib3.BaseHTTPResponse:
        names = {**self._names, **names}
        headers = {key: str(template.fill(value, names)) for key, value in call.headers.items()}
        body = None
        if call.send is not None:
            body = orjson.dumps(template.fill(call.send, names))
            headers.setdefault("Content-Type", "application/json")
        elif call.form is not None:
            body = urllib.parse.urlencode(template.fill(call.form, names)).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        url = self.base + template.in_url(call.path, names)
        try:
            return self._pool.request(
                call.method, url, body=body, headers=headers, timeout=15.0, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise AuthError(f"{call.method} {call.path}: {type(error).__name__}") from error


def words_of(plan: Plan, credentials: Credentials) -> dict[str, str]:
    """The plan's own words for its templates, its secrets among them.

    Raises:
        LookupError: a secret is not there.
    """
    words = dict(plan.dialect.names)
    for name, secret in plan.auth.secrets.items():
        words[name] = Secret(secret).value()
        credentials.know(words[name], "the plan")
    return words


def names_of(principal: Principal, run: RunId) -> dict[str, Any]:
    """What templates may say about a principal."""
    names: dict[str, Any] = {
        "principal": principal.id,
        "run": run,
        "number": principal.owner,
        "name": principal.persona.name,
        "email": principal.email,
        "password": principal.password,
        "tenant": principal.tenant,
        "subject": principal.subject,
        "refresh_token": principal.refresh,
        "uuid": _uuid(principal, run),
        "now": time.time(),
    }
    if principal.access:
        names |= token_names(principal.access)
    return names


def token_names(token: str) -> dict[str, str]:
    """The forms in which a token travels: as it is, and base64url without padding."""
    encoded = base64.urlsafe_b64encode(token.encode()).rstrip(b"=").decode()
    return {"token": token, "token_b64url": encoded}


def _uuid(principal: Principal, run: RunId) -> str:
    """A UUID of a principal's own; those who are called alike have its first eight digits alike."""
    own = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{run}/{principal.id}"))
    shared = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{run}/{principal.role}"))
    return shared[:ALIKE] + own[ALIKE:] if principal.alike else own


def _cookies(lines: Iterable[str]) -> dict[str, str]:
    """What `Set-Cookie` sets, letter for letter: it is sent back as it came."""
    pairs = (line.partition(";")[0].partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}


def json_of(body: bytes) -> Any:  # noqa: ANN401 - JSON has no better type
    """A body that may be JSON; None where it is not."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
