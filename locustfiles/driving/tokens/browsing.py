"""A login as a browser goes through it: redirects, cookies and forms, up to the client's address.

It runs no script.  It is led nowhere but to hosts that the plan allows, and what it is
given by the client's address it hands back without going there.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie

import urllib3

from locustfiles.driving.tokens.http import OK, AuthError

STEPS = 12
"""Redirects and forms that a login may take."""
_FOUND = range(300, 400)
_SEE_OTHER_BY_GET = (301, 302, 303)


class _Form(HTMLParser):
    """The first form of a page: where it goes, and what it holds already."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.method = "get"
        self.fields: dict[str, str] = {}
        self._state = "before"
        self._pressed = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self._state == "before":
            self._state = "inside"
            self.action = given.get("action", "")
            self.method = given.get("method", "get").lower()
        elif self._state == "inside" and tag in ("input", "button"):
            self._field(tag, given)

    def _field(self, tag: str, given: Mapping[str, str]) -> None:
        usual = "submit" if tag == "button" else "text"
        submits = given.get("type", usual).lower() == "submit"
        if "name" not in given or (submits and self._pressed):
            return
        self._pressed = self._pressed or submits  # one button is pressed, the first
        self.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._state == "inside":
            self._state = "behind"


class Browser:
    """One login."""

    def __init__(
        self, pool: urllib3.PoolManager, start: str, hosts: Iterable[str], fill: Mapping[str, str]
    ) -> None:
        """`fill` is what forms are filled with, by the names of their fields."""
        self._pool = pool
        self._hosts = {urllib.parse.urlsplit(start).hostname, *hosts}
        self._start = start
        self._fill = fill
        self._cookies: dict[str, str] = {}

    def until(self, redirect_uri: str) -> dict[str, str]:
        """What the client's address is given, when the login has come to it.

        Raises:
            AuthError: it came to something else.
        """
        method, url, body = "GET", self._start, None
        for _ in range(STEPS):
            if url.startswith(redirect_uri):
                return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
            status, location, page = self._request(method, url, body)
            if location is not None:
                if status in _SEE_OTHER_BY_GET:
                    method, body = "GET", None
                url = urllib.parse.urljoin(url, location)
            elif status == OK:
                method, url, body = self._filled(url, page)
            else:
                raise AuthError(f"the login page answered {status}")
        raise AuthError(f"the login did not end within {STEPS} steps")

    def _request(self, method: str, url: str, body: str | None) -> tuple[int, str | None, str]:
        host = urllib.parse.urlsplit(url).hostname
        if host not in self._hosts:
            raise AuthError(f"the login leads to {host}, which target.allow_hosts does not name")
        headers = {"Accept": "text/html"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            answer = self._pool.request(
                method, url, body=body, headers=headers, timeout=15.0, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise AuthError(f"{method} of the login: {type(error).__name__}") from error
        for line in answer.headers.getlist("set-cookie"):
            self._keep(line)
        location = answer.headers.get("location") if answer.status in _FOUND else None
        return answer.status, location, answer.data.decode("utf-8", "replace")

    def _keep(self, line: str) -> None:
        """Keep a cookie; one without a value, or that has run out, is forgotten."""
        try:
            cookie = SimpleCookie(line)
        except CookieError:
            return
        for name, morsel in cookie.items():
            if morsel.value and morsel["max-age"] != "0":
                self._cookies[name] = morsel.value
            else:
                self._cookies.pop(name, None)

    def _filled(self, url: str, page: str) -> tuple[str, str, str | None]:
        """The request that a page's form makes when it is filled in."""
        form = _Form()
        form.feed(page)
        if form.action is None:
            raise AuthError("the login page has no form")
        fields = {name: self._fill.get(name, value) for name, value in form.fields.items()}
        goal = urllib.parse.urljoin(url, form.action) if form.action else url
        sent = urllib.parse.urlencode(fields)
        if form.method == "post":
            return "POST", goal, sent
        return "GET", f"{goal.partition('?')[0]}?{sent}", None
