"""Where a principal's token comes from: a login, our own mint, or a file of tokens.

Every source keeps its principal's token fresh by the token's own `exp`; what a
platform says of `expires_in` is not trusted.  Every credential becomes known to
the screen before anything else is done with it.
"""

from __future__ import annotations

import time
import urllib.parse
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

import gevent
import jwt
import orjson
import urllib3
from gevent.lock import BoundedSemaphore

from isolation_checks.dialects import template
from isolation_checks.dialects.events import token_names
from isolation_checks.errors import UsageError
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan import references
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.auth import Auth, Call
from isolation_checks.plan.units import Secret
from isolation_checks.records import RunId
from locustfiles.driving.principals import Principal

MARGIN = 0.2
"""A token is refreshed when this share of its life is left, and 5 s at least."""
LEAST_MARGIN_S = 5.0
USUAL_USER = ("user.id", "user_id", "id")
"""Where a login's answer says whose an opaque token is, unless the plan knows better."""
_CONFLICT, _OK, _REDIRECT = 409, 200, 300


class AuthError(Exception):
    """The platform gave no token; the message says what it answered."""


class TokenSource(Protocol):
    """Gives a principal its token, and a fresh one before it runs out."""

    def token(self, principal: Principal) -> str:
        """A token that is valid now.  Raises AuthError."""
        ...

    def renew(self, principal: Principal) -> bool:
        """Refresh a token that runs out soon; whether there is a new one."""
        ...

    def refresh(self, principal: Principal) -> bool:
        """Exchange a token for a new one now; whether there is a new one.  Raises AuthError."""
        ...


class Http:
    """HTTP requests to the platform, as its plan describes them."""

    def __init__(self, base: str | None, names: Mapping[str, Any], *, insecure: bool) -> None:
        self._base = (base or "").rstrip("/")
        self._names = names
        self._pool = urllib3.PoolManager(
            maxsize=64, retries=False, cert_reqs="CERT_NONE" if insecure else "CERT_REQUIRED"
        )

    def call(self, call: Call, names: Mapping[str, Any]) -> tuple[int, bytes]:
        """Make a request; its status and body.

        Raises:
            AuthError: there was no answer.
        """
        names = {**self._names, **names}
        headers = {key: str(template.fill(value, names)) for key, value in call.headers.items()}
        body = None
        if call.send is not None:
            body = orjson.dumps(template.fill(call.send, names))
            headers.setdefault("Content-Type", "application/json")
        elif call.form is not None:
            body = urllib.parse.urlencode(template.fill(call.form, names)).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        url = self._base + template.in_url(call.path, names)
        try:
            answer = self._pool.request(
                call.method, url, body=body, headers=headers, timeout=15.0, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise AuthError(f"{call.method} {call.path}: {type(error).__name__}") from error
        return answer.status, answer.data


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
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{run}/{principal.id}")),
        "now": time.time(),
    }
    if principal.access:
        names |= token_names(principal.access)
    return names


def _took(principal: Principal, token: str, credentials: Credentials) -> str:
    """Keep a token that was just got, and read from it when it runs out and for whom it speaks."""
    credentials.know(token, principal.id)
    principal.access = token
    principal.expires_s = principal.lifetime_s = None
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return token  # an opaque token: it has no `exp` to go by
    now, expires, issued = time.time(), _number(claims.get("exp")), _number(claims.get("iat"))
    if expires is not None:
        life = expires - (now if issued is None else issued)
        skewed = expires <= now or (issued is not None and issued > now)
        # by a clock that is not ours, what was just issued has all its life before it
        principal.expires_s = now + life if skewed and life > 0 else expires
        principal.lifetime_s = life
    if principal.subject is None and claims.get("sub") is not None:
        principal.subject = str(claims["sub"])
    return token


def _number(claim: object) -> float | None:
    is_number = isinstance(claim, int | float) and not isinstance(claim, bool)
    return float(claim) if is_number else None  # type: ignore[arg-type] # it is one


def _stale(principal: Principal) -> bool:
    if principal.expires_s is None:
        return False
    margin = max(LEAST_MARGIN_S, MARGIN * (principal.lifetime_s or 0.0))
    return time.time() > principal.expires_s - min(margin, (principal.lifetime_s or margin) / 2)


class LoginTokens:
    """Registers and logs in over HTTP; paced, and an account that exists is used again."""

    def __init__(self, auth: Auth, http: Http, credentials: Credentials, run: RunId) -> None:
        self._auth = auth
        self._http = http
        self._credentials = credentials
        self._run = run
        self._gate = BoundedSemaphore(4)
        self._renewing: dict[str, BoundedSemaphore] = {}
        self._next_s = 0.0

    def token(self, principal: Principal) -> str:
        """Register or log in once; afterwards what is kept, refreshed when it runs out."""
        if principal.access is None:
            self._credentials.know(principal.password, principal.id)
            self._pace()
            with self._gate:
                self._enter(principal)
        else:
            self.renew(principal)
        assert principal.access is not None
        return principal.access

    def renew(self, principal: Principal) -> bool:
        """Refresh by the refresh token, or log in again where the platform has none."""
        if principal.access is None or not _stale(principal):
            return False
        with self._renewing.setdefault(principal.id, BoundedSemaphore()):
            # a refresh token that is used twice may cost the account all its tokens
            return _stale(principal) and self._renew(principal)

    def refresh(self, principal: Principal) -> bool:
        """By the refresh token, stale or not; not where the platform has none."""
        if self._auth.refresh is None or principal.refresh is None:
            return False
        with self._renewing.setdefault(principal.id, BoundedSemaphore()):
            return self._renew(principal)

    def _renew(self, principal: Principal) -> bool:
        names = names_of(principal, self._run)
        refresh, login = self._auth.refresh, self._auth.login
        assert login is not None
        status, body = self._http.call(
            refresh if refresh is not None and principal.refresh else login, names
        )
        if status != _OK and refresh is not None and principal.refresh:
            status, body = self._http.call(login, names)
        self._take(principal, status, body, "refresh")
        return True

    def _pace(self) -> None:
        now = time.monotonic()
        self._next_s = max(now, self._next_s + 1 / self._auth.pace)
        gevent.sleep(self._next_s - now)

    def _enter(self, principal: Principal) -> None:
        names = names_of(principal, self._run)
        assert self._auth.login is not None
        if self._auth.register is not None:
            status, body = self._http.call(self._auth.register, names)
            if _OK <= status < _REDIRECT and self._has_token(body):
                self._take(principal, status, body, "register")
                return
            if not (_OK <= status < _REDIRECT or status in (400, _CONFLICT, 422)):
                raise AuthError(f"register answered {status}")
        status, body = self._http.call(self._auth.login, names)
        self._take(principal, status, body, "login")

    def _has_token(self, body: bytes) -> bool:
        return template.first_text(_json(body), self._auth.access) is not None

    def _take(self, principal: Principal, status: int, body: bytes, what: str) -> None:
        answer = _json(body)
        token = template.first_text(answer, self._auth.access)
        if not _OK <= status < _REDIRECT or token is None:
            raise AuthError(f"{what} answered {status} and no token")
        refresh = template.first_text(answer, self._auth.refresh_token)
        if refresh is not None:
            self._credentials.know(refresh, principal.id)
            principal.refresh = refresh
        if principal.subject is None:  # later answers that say otherwise are not believed
            principal.subject = template.first_text(answer, self._auth.user)
        _took(principal, token, self._credentials)
        if principal.subject is None:
            principal.subject = template.first_text(answer, USUAL_USER)


class MintedTokens:
    """Signs tokens with the platform's own secret."""

    def __init__(self, auth: Auth, credentials: Credentials, run: RunId) -> None:
        assert auth.secret is not None
        self._auth = auth
        self._credentials = credentials
        self._run = run
        self._secret = Secret(auth.secret).value()
        if auth.algorithm.startswith("HS"):
            credentials.know(self._secret, "the platform")

    def token(self, principal: Principal) -> str:
        """A token of our own making, made anew when it runs out."""
        if principal.access is None:
            self._mint(principal)
        else:
            self.renew(principal)
        assert principal.access is not None
        return principal.access

    def renew(self, principal: Principal) -> bool:
        """Make a new one when the old one runs out soon."""
        if principal.access is None or not _stale(principal):
            return False
        self._mint(principal)
        return True

    def refresh(self, principal: Principal) -> bool:  # noqa: ARG002 - the protocol's signature
        """There is no login to refresh."""
        return False

    def _mint(self, principal: Principal) -> None:
        names = names_of(principal, self._run)
        subject = str(template.fill(self._auth.subject, names))
        now = int(time.time())
        standard = {
            "sub": subject,
            "iat": now,
            "exp": now + int(self._auth.lifetime),
            "jti": str(uuid.uuid4()),
        }
        names |= {"subject": subject, "issued": now, "expires": standard["exp"]}
        claims = standard | template.fill(self._auth.claims, names)
        principal.subject = str(claims["sub"])
        token = jwt.encode(claims, self._secret, algorithm=self._auth.algorithm)
        _took(principal, token, self._credentials)


class FileTokens:
    """Takes tokens from a file, each for one principal.

    Every process has its share; for one that comes when they are shared out (it is told
    of no processes) there are none.
    """

    def __init__(self, plan: Plan, credentials: Credentials, slot: int, processes: int) -> None:
        given = references.tokens(plan)
        self._path = plan.auth.path
        self._all = len(given)
        self._mine = given[slot % processes :: processes] if processes else []
        self._credentials = credentials

    def token(self, principal: Principal) -> str:
        """The principal's own token; it cannot be renewed."""
        if principal.access is None:
            if not self._mine:
                raise AuthError(f"{self._path} has {self._all} tokens: none is left for this one")
            given = self._mine.pop(0)
            principal.subject = given.subject
            _took(principal, given.token, self._credentials)
        assert principal.access is not None
        return principal.access

    def renew(self, principal: Principal) -> bool:  # noqa: ARG002 - the protocol's signature
        """A file's tokens are what they are."""
        return False

    refresh = renew


def token_source(
    plan: Plan, credentials: Credentials, run: RunId, slot: int, processes: int
) -> TokenSource:
    """The source that the plan names.

    Raises:
        UsageError: what it refers to cannot be had.
    """
    try:
        if plan.auth.source == "mint":
            return MintedTokens(plan.auth, credentials, run)
        if plan.auth.source == "file":
            return FileTokens(plan, credentials, slot, processes)
        words = words_of(plan, credentials)
    except LookupError as error:
        raise UsageError(str(error.args[0])) from error
    base = plan.target.auth or plan.target.http
    http = Http(base, words, insecure=plan.target.insecure_tls)
    return LoginTokens(plan.auth, http, credentials, run)


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON has no better type
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
