"""Tokens of a login: registers and logs in over HTTP, and refreshes what it was given."""

from __future__ import annotations

from typing import Any

from isolation_checks.dialects import template
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan.tables.auth import Auth
from isolation_checks.records import RunId
from locustfiles.driving.principals import Principal
from locustfiles.driving.tokens.fresh import took
from locustfiles.driving.tokens.http import (
    IN_USE,
    OK,
    REDIRECT,
    REFUSED,
    AuthError,
    Http,
    names_of,
)
from locustfiles.driving.tokens.keeping import Gate, Keeping

USUAL_USER = ("user.id", "user_id", "id")
"""Where a login's answer says whose an opaque token is, unless the plan knows better."""


class LoginTokens(Keeping):
    """Registers and logs in over HTTP; paced, and an account that exists is used again."""

    def __init__(self, auth: Auth, http: Http, credentials: Credentials, run: RunId) -> None:
        super().__init__()
        self._auth = auth
        self._http = http
        self._credentials = credentials
        self._run = run
        self._gate = Gate(auth.pace)

    def _first(self, principal: Principal) -> None:
        """Register or log in."""
        self._credentials.know(principal.password, principal.id)
        with self._gate:
            self._enter(principal)

    def refresh(self, principal: Principal) -> bool:
        """By the refresh token, stale or not; not where the platform has none."""
        if self._auth.refresh is None or principal.refresh is None:
            return False
        with self._alone(principal):
            self._again(principal)
        return True

    def _again(self, principal: Principal) -> None:
        """Refresh by the refresh token, or log in again where the platform has none."""
        names = names_of(principal, self._run)
        refresh, login = self._auth.refresh, self._auth.login
        assert login is not None
        status, told = self._http.told(
            refresh if refresh is not None and principal.refresh else login, names
        )
        if status != OK and refresh is not None and principal.refresh:
            status, told = self._http.told(login, names)
        self._take(principal, status, told, "refresh")

    def _enter(self, principal: Principal) -> None:
        names = names_of(principal, self._run)
        assert self._auth.login is not None
        if self._auth.register is not None:
            status, told = self._http.told(self._auth.register, names)
            if _granted(status, told) and self._has_token(told):
                self._take(principal, status, told, "register")
                return
            if not (OK <= status < REDIRECT or status in IN_USE):
                raise AuthError(f"register answered {status}")
        status, told = self._http.told(self._auth.login, names)
        self._take(principal, status, told, "login")

    def _has_token(self, told: Any) -> bool:  # noqa: ANN401 - JSON has no better type
        return template.first_text(told, self._auth.access) is not None

    def _take(self, principal: Principal, status: int, answer: Any, what: str) -> None:  # noqa: ANN401 - JSON has no better type
        token = template.first_text(answer, self._auth.access)
        if not _granted(status, answer) or token is None:
            raise AuthError(f"{what} answered {status} and no token")
        refresh = template.first_text(answer, self._auth.refresh_token)
        if refresh is not None:
            self._credentials.know(refresh, principal.id)
            principal.refresh = refresh
        if principal.subject is None:  # later answers that say otherwise are not believed
            principal.subject = template.first_text(answer, self._auth.user)
        took(principal, token, self._credentials)
        if principal.subject is None:
            principal.subject = template.first_text(answer, USUAL_USER)


def _granted(status: int, told: Any) -> bool:  # noqa: ANN401 - JSON has no better type
    """Whether a login was let in; one that sets a cookie may lead on to a page."""
    by_cookie = isinstance(told, dict) and "cookies" in told
    return OK <= status < (REFUSED if by_cookie else REDIRECT)
