"""Authorization codes with PKCE, and services' own tokens."""

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.reference_platform.driving import FAST, LIMIT_S, platform
from tests.reference_platform.test_auth import claims_of

APP = "reference-app"
SERVICE = "reference-service"
CALLBACK = "http://127.0.0.1:5000/callback"
SECRET = "between services"


@pytest.fixture(scope="module")
def running():
    with platform(*FAST, env={"REFERENCE_SERVICE_SECRET": SECRET}) as platform_:
        yield platform_


class App:
    """A client that wants to act for somebody."""

    def __init__(self, running, person):
        self.running = running
        self.person = person
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def authorize(self, **changed):
        """Post the form that a user would; the reply."""
        form = {
            "response_type": "code",
            "client_id": APP,
            "redirect_uri": CALLBACK,
            "state": "xyz",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "email": self.person.login["user"]["email"],
            "password": self.person.password,
        }
        form = {k: v for k, v in (form | changed).items() if v is not None}
        return httpx.post(f"{self.running.auth}/auth/oauth/authorize", data=form, timeout=LIMIT_S)

    def code(self):
        """A fresh code."""
        return told(self.authorize())["code"][0]

    def redeem(self, code, **changed):
        """Show a code; the reply."""
        form = {
            "grant_type": "authorization_code",
            "client_id": APP,
            "redirect_uri": CALLBACK,
            "code": code,
            "code_verifier": self.verifier,
        }
        return httpx.post(
            f"{self.running.auth}/auth/oauth/token", data=form | changed, timeout=LIMIT_S
        )


def told(reply):
    """The parameters of a redirect."""
    assert reply.status_code == 302
    location = urlsplit(reply.headers["location"])
    assert location._replace(query="").geturl() == CALLBACK
    return parse_qs(location.query)


@pytest.fixture
def app(running):
    return App(running, running.person())


def test_a_code_and_its_verifier_give_tokens_of_the_user(app):
    reply = app.authorize()
    assert told(reply)["state"] == ["xyz"]
    tokens = app.redeem(told(reply)["code"][0])
    assert tokens.status_code == 200
    assert tokens.headers["cache-control"] == "no-store"
    app.person.login = tokens.json()
    assert claims_of(app.person.login["access_token"])["sub"] == app.person.id
    assert app.person.http("GET", "/threads").status_code == 200
    form = {"grant_type": "refresh_token", "refresh_token": app.person.login["refresh_token"]}
    again = app.redeem("", **form)
    assert again.json()["user"]["id"] == app.person.id


def test_a_code_works_once(app):
    code = app.code()
    assert app.redeem(code).status_code == 200
    assert app.redeem(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "x" * 50},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:5001/callback"},
        {"client_id": SERVICE},
    ],
)
def test_a_code_is_for_the_request_that_it_was_given_to_and_an_attempt_spends_it(app, wrong):
    code = app.code()
    assert app.redeem(code, **wrong).json()["error"] == "invalid_grant"
    assert app.redeem(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"password": "wrong"}, "access_denied"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_to_the_client(app, wrong, error):
    answer = told(app.authorize(**wrong))
    assert answer["error"] == [error]
    assert answer["state"] == ["xyz"]
    assert "code" not in answer


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "http://evil.example/callback"},
        {"redirect_uri": CALLBACK + "/further"},
        {"redirect_uri": None},
        {"client_id": "somebody"},
    ],
)
def test_nobody_is_redirected_to_where_no_client_is_known(app, wrong):
    reply = app.authorize(**wrong)
    assert reply.status_code == 400
    assert "location" not in reply.headers


def test_the_form_shows_the_request_and_nothing_as_markup(app):
    query = {"client_id": APP, "redirect_uri": CALLBACK, "state": '"><script>'}
    page = httpx.get(f"{app.running.auth}/auth/oauth/authorize", params=query, timeout=LIMIT_S)
    assert page.status_code == 200
    assert "<script>" not in page.text


def test_forms_only(app):
    url = f"{app.running.auth}/auth/oauth/token"
    assert httpx.post(url, json={}).json()["error"] == "invalid_request"
    twice = httpx.post(
        url,
        content="grant_type=a&grant_type=b",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert twice.json()["error"] == "invalid_request"
    assert httpx.post(url, data={"grant_type": "x"}).json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("how", ["post", "basic"])
def test_a_service_gets_a_token_for_itself(running, how):
    url = f"{running.auth}/auth/oauth/token"
    form = {"grant_type": "client_credentials"}
    shown = {"data": form | {"client_id": SERVICE, "client_secret": SECRET}}
    if how == "basic":
        shown = {"data": form, "auth": (SERVICE, SECRET.replace(" ", "+"))}
    tokens = httpx.post(url, **shown).json()
    assert set(tokens) == {"access_token", "token_type", "expires_in"}
    claims = claims_of(tokens["access_token"])
    assert claims["sub"] == f"service:{SERVICE}"
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    listed = httpx.get(f"{running.http}/threads", headers=headers)
    assert listed.json() == {"threads": []}
    wrong = httpx.post(url, data=form | {"client_id": SERVICE, "client_secret": "guess"})
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


def test_the_discovery_document_says_where(running):
    found = httpx.get(f"{running.auth}/.well-known/oauth-authorization-server").json()
    assert found["issuer"] == running.auth
    assert found["token_endpoint"] == f"{running.auth}/auth/oauth/token"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert httpx.get(found["jwks_uri"]).json() == {"keys": []}


def test_a_code_is_redeemed_on_whichever_worker():
    with platform(*FAST, "--workers", "2") as running:
        app = App(running, running.person())
        for _ in range(4):
            assert app.redeem(app.code()).status_code == 200
