"""Tokens by OAuth 2: a user's, by a code with PKCE (RFC 7636), or a client's own (RFC 6749, 4.4).

Every user logs in by the provider's own pages.  Every client of a file is a principal of its
own.  What is given is refreshed where there is a refresh token, and got anew where there is none.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import urllib.parse
from typing import Any

import jwt
import urllib3

from isolation_checks.dialects import template
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan import references
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.auth import Call
from isolation_checks.plan.units import Secret
from isolation_checks.records import RunId
from locustfiles.driving.principals import Principal
from locustfiles.driving.tokens.browsing import Browser
from locustfiles.driving.tokens.fresh import took
from locustfiles.driving.tokens.http import (
    IN_USE,
    OK,
    REDIRECT,
    AuthError,
    Http,
    json_of,
    names_of,
)
from locustfiles.driving.tokens.keeping import Gate, Keeping


class OAuth2Tokens(Keeping):
    """Asks an authorization server."""

    def __init__(
        self, plan: Plan, http: Http, credentials: Credentials, run: RunId, share: slice
    ) -> None:
        """Prepare; of a file's clients this process takes its share.

        Raises:
            LookupError: a secret is not there.
            UsageError: the file of clients cannot be read.
        """
        assert plan.auth.oauth2 is not None
        super().__init__()
        self._plan = plan
        self._asked = plan.auth.oauth2
        self._http = http
        self._credentials = credentials
        self._run = run
        self._gate = Gate(plan.auth.pace)
        self._secret = None
        if self._asked.client_secret is not None:
            self._secret = Secret(self._asked.client_secret).value()
            credentials.know(self._secret, "the plan")
        self._clients: list[references.GivenClient] = []
        self._of: dict[str, references.GivenClient] = {}
        if self._asked.grant == "client_credentials":
            self._clients = references.clients(plan)[share]

    def _first(self, principal: Principal) -> None:
        """Log in, or ask as a client."""
        with self._gate:
            self._enter(principal)

    def _again(self, principal: Principal) -> None:
        """By the refresh token, or in the way in which the first was got."""
        if principal.refresh is None or not self._refreshed(principal):
            self._get(principal)

    def refresh(self, principal: Principal) -> bool:
        """By the refresh token, stale or not; not where there is none."""
        if principal.refresh is None:
            return False
        with self._alone(principal):
            return self._refreshed(principal)

    def _enter(self, principal: Principal) -> None:
        """Register, where the plan says how, and get the first token."""
        register = self._plan.auth.register
        if register is not None and self._asked.grant == "authorization_code":
            status, _ = self._http.call(register, names_of(principal, self._run))
            if not (OK <= status < REDIRECT or status in IN_USE):
                raise AuthError(f"register answered {status}")
        self._get(principal)

    def _get(self, principal: Principal) -> None:
        if self._asked.grant == "client_credentials":
            self._by_client(principal)
        else:
            self._by_code(principal)

    def _by_client(self, principal: Principal) -> None:
        if principal.id not in self._of:
            if not self._clients:
                raise AuthError(f"{self._asked.clients}: no client is left for this one")
            self._of[principal.id] = self._clients.pop(0)
        client = self._of[principal.id]
        self._credentials.know(client.secret, principal.id)
        form = {"grant_type": "client_credentials"}
        form |= {"scope": self._asked.scope} if self._asked.scope else {}
        self._exchange(principal, form, client.id, client.secret)

    def _by_code(self, principal: Principal) -> None:
        """Log in by the provider's pages, and exchange the code that they give."""
        asked, names = self._asked, names_of(principal, self._run)
        self._credentials.know(principal.password, principal.id)
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        challenge = hashlib.sha256(verifier.encode()).digest()
        wanted = {
            "response_type": "code",
            "client_id": asked.client_id,
            "redirect_uri": asked.redirect_uri,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        wanted |= {"scope": asked.scope} if asked.scope else {}
        url = self._http.base + asked.authorize + "?" + urllib.parse.urlencode(wanted)
        fill = {name: str(template.fill(value, names)) for name, value in asked.form.items()}
        insecure = self._plan.target.insecure_tls
        with urllib3.PoolManager(
            retries=False, cert_reqs="CERT_NONE" if insecure else "CERT_REQUIRED"
        ) as pool:
            given = Browser(pool, url, self._plan.target.allow_hosts, fill).until(
                asked.redirect_uri
            )
        if "code" not in given:
            raise AuthError(f"the login gave no code but {given.get('error', 'nothing')}")
        if given.get("state") != state:
            raise AuthError("the login gave back another state than it was given")
        self._credentials.know(given["code"], principal.id)
        self._credentials.know(verifier, principal.id)
        form = {
            "grant_type": "authorization_code",
            "code": given["code"],
            "redirect_uri": asked.redirect_uri,
            "code_verifier": verifier,
        }
        self._exchange(principal, form, asked.client_id or "", self._secret)

    def _refreshed(self, principal: Principal) -> bool:
        """Whether the refresh token was good for fresh ones."""
        form = {"grant_type": "refresh_token", "refresh_token": principal.refresh or ""}
        client = self._of.get(principal.id)
        try:
            if client is not None:
                self._exchange(principal, form, client.id, client.secret)
            else:
                self._exchange(principal, form, self._asked.client_id or "", self._secret)
        except AuthError:
            return False
        return True

    def _exchange(
        self, principal: Principal, form: dict[str, str], client: str, secret: str | None
    ) -> None:
        """Ask the token endpoint, and keep what it gives."""
        headers = {"Accept": "application/json"}
        if secret is not None and self._asked.basic:
            pair = ":".join(urllib.parse.quote_plus(part) for part in (client, secret))
            encoded = base64.b64encode(pair.encode()).decode()
            self._credentials.know(encoded, principal.id)
            headers["Authorization"] = f"Basic {encoded}"
        else:
            form = form | {"client_id": client}
            form |= {} if secret is None else {"client_secret": secret}
        # what is sent is no template: a code may look like one
        holes = {f"value_{number}": value for number, value in enumerate(form.values())}
        sent = {name: f"{{value_{number}}}" for number, name in enumerate(form)}
        call = Call(path=self._asked.token, form=sent, headers=headers)
        status, body = self._http.call(call, holes)
        self._take(principal, status, json_of(body), form["grant_type"])

    def _take(self, principal: Principal, status: int, answer: Any, what: str) -> None:  # noqa: ANN401 - JSON
        auth = self._plan.auth
        token = template.first_text(answer, auth.access)
        if not OK <= status < REDIRECT or token is None:
            said = template.first_text(answer, ("error",))
            because = f" ({said})" if said and status >= REDIRECT else ""
            raise AuthError(f"{what} answered {status} and no token{because}")
        refresh = template.first_text(answer, auth.refresh_token)
        if refresh is not None:
            self._credentials.know(refresh, principal.id)
            principal.refresh = refresh
        identity = template.first_text(answer, ("id_token",))
        if identity is not None:
            self._credentials.know(identity, principal.id)
        if principal.subject is None:  # later answers that say otherwise are not believed
            principal.subject = template.first_text(answer, auth.user)
        took(principal, token, self._credentials)
        if principal.subject is None and identity is not None:
            principal.subject = _subject(identity)


def _subject(identity: str) -> str | None:
    """For whom an id token speaks."""
    try:
        claims = jwt.decode(identity, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return None if claims.get("sub") is None else str(claims["sub"])
