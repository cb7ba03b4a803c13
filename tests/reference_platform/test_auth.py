import base64
import os
import subprocess
import sys
import time

import httpx
import jwt
import pytest
from reference_platform.auth.keys import new_key
from websockets.exceptions import ConnectionClosed

from tests.reference_platform.driving import FAST, Line, connect_to, eventually, platform

ISSUER = "reference-platform"
AUDIENCE = "reference-backend"


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_a_registration_logs_in_and_the_token_names_its_owner(honest):
    """The reply carries tokens and the user; the access token's claims agree with it."""
    ann = honest.person(name="Ann", tenant="acme")
    assert set(ann.login) == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
    assert set(ann.login["user"]) == {"id", "email", "name", "tenant"}
    claims = claims_of(ann.login["access_token"])
    assert (claims["sub"], claims["tenant"]) == (ann.id, "acme")
    assert claims["token_type"] == "access"
    assert claims["exp"] - claims["iat"] == ann.login["expires_in"] == 900
    assert {"iss", "aud", "jti", "env", "email", "permissions"} <= set(claims)


def test_an_email_is_registered_once(honest):
    ann = honest.person()
    body = {"email": ann.login["user"]["email"], "password": "x", "name": "Eve"}
    assert ann.post_auth("/auth/register", body).status_code == 409


def test_a_wrong_password_and_an_unknown_email_look_alike(honest):
    ann = honest.person()
    email = ann.login["user"]["email"]
    wrong = ann.post_auth("/auth/login", {"email": email, "password": "wrong"})
    unknown = ann.post_auth("/auth/login", {"email": "nobody@example.org", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    right = ann.post_auth("/auth/login", {"email": email, "password": ann.password})
    assert right.json()["user"]["id"] == ann.id


def test_a_refresh_token_works_once_and_its_reuse_ends_the_login(honest):
    """Rotation: the successor works; showing the old one again revokes the whole family."""
    ann = honest.person()
    old = {"refresh_token": ann.login["refresh_token"]}
    fresh = ann.post_auth("/auth/refresh", old)
    assert fresh.status_code == 200
    assert ann.http("GET", "/threads").status_code == 200
    assert ann.post_auth("/auth/refresh", old).status_code == 401
    successor = {"refresh_token": fresh.json()["refresh_token"]}
    assert ann.post_auth("/auth/refresh", successor).status_code == 401
    assert ann.http("GET", "/threads").status_code == 401


def test_an_access_token_does_not_refresh_and_a_refresh_token_gives_no_access(honest):
    ann = honest.person()
    swapped = {"refresh_token": ann.login["access_token"]}
    assert ann.post_auth("/auth/refresh", swapped).status_code == 401
    ann.login["access_token"] = ann.login["refresh_token"]
    assert ann.http("GET", "/threads").status_code == 401


@pytest.mark.parametrize(
    "forge",
    [
        lambda claims: jwt.encode(claims, None, "none"),
        lambda claims: jwt.encode(claims, "guessed" * 8, "HS256"),
        lambda _: "not.a.token",
    ],
    ids=["alg none", "another key", "nonsense"],
)
def test_a_forged_token_is_refused(honest, forge):
    """On HTTP with 401; on the socket with an error frame and close 1008, after the 101."""
    ann = honest.person()
    ann.login["access_token"] = forge(claims_of(ann.login["access_token"]))
    assert ann.http("GET", "/threads").status_code == 401
    with connect_to(honest.ws, additional_headers=ann.headers) as socket:
        line = Line(socket)
        refusal = line.hear()
        assert (refusal["type"], refusal["payload"]["code"]) == ("error", "auth_failed")
        with pytest.raises(ConnectionClosed) as closed:
            line.hear()
        assert closed.value.rcvd.code == 1008


def test_the_socket_takes_its_token_in_four_ways(honest):
    """Header, encoded subprotocol, raw subprotocol, query."""
    ann = honest.person()
    token = ann.login["access_token"]
    encoded = base64.urlsafe_b64encode(token.encode()).rstrip(b"=").decode()
    ways = [
        (honest.ws, {"additional_headers": ann.headers}, None),
        (honest.ws, {"subprotocols": ["jwt-auth", f"jwt.{encoded}"]}, "jwt-auth"),
        (honest.ws, {"subprotocols": [f"bearer.{token}"]}, f"bearer.{token}"),
        (f"{honest.ws}?token={token}", {}, None),
    ]
    for url, options, selected in ways:
        with connect_to(url, **options) as socket:
            frame = Line(socket).hear()
            assert (frame["type"], frame["user_id"]) == ("connection_established", ann.id)
            assert socket.subprotocol == selected


def test_logout_refuses_the_token_and_closes_every_socket_of_the_user(honest):
    ann, ben = honest.person(), honest.person()
    with ann.line() as one, ann.line() as two, ben.line() as bens:
        assert ann.post_auth("/auth/logout").status_code == 200
        for line in (one, two):
            with pytest.raises(ConnectionClosed) as closed:
                line.hear()
            assert closed.value.rcvd.code == 1008
        bens.say(type="ping")
        assert bens.hear()["type"] == "pong"
    assert ann.http("GET", "/threads").status_code == 401
    refresh = {"refresh_token": ann.login["refresh_token"]}
    assert ann.post_auth("/auth/refresh", refresh).status_code == 401


def test_only_a_service_may_validate_tokens():
    with platform(env={"REFERENCE_SERVICE_SECRET": "between services"}) as running:
        ann = running.person()
        url = f"{running.auth}/auth/validate"
        body = {"token": ann.login["access_token"]}
        assert httpx.post(url, json=body).status_code == 403
        wrong = {"X-Service-Secret": "guess"}
        assert httpx.post(url, json=body, headers=wrong).status_code == 403
        right = {"X-Service-Secret": "between services"}
        valid = httpx.post(url, json=body, headers=right).json()
        assert (valid["valid"], valid["user_id"]) == (True, ann.id)
        invalid = httpx.post(url, json={"token": "x"}, headers=right).json()
        assert invalid["valid"] is False


@pytest.mark.parametrize(("signing", "kind"), [("RS256", "RSA"), ("ES256", "EC"), ("EdDSA", "OKP")])
def test_tokens_verify_with_the_published_key_only(signing, kind):
    """JWKS holds what verifies, named by `kid`; an HMAC made with the public key is refused."""
    with platform("--signing", signing, "--workers", "2") as running:
        ann = running.person()
        token = ann.login["access_token"]
        assert ann.http("GET", "/threads").status_code == 200
        jwks = httpx.get(f"{running.auth}/auth/jwks.json").json()
        assert [key["kty"] for key in jwks["keys"]] == [kind]
        key = jwt.PyJWKSet.from_dict(jwks)[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key, algorithms=[signing], audience=AUDIENCE, issuer=ISSUER)
        assert claims["sub"] == ann.id
        assert "d" not in jwks["keys"][0]
        public = jwks["keys"][0].get("n") or jwks["keys"][0]["x"]
        ann.login["access_token"] = jwt.encode(claims, public, "HS256")
        assert ann.http("GET", "/threads").status_code == 401


@pytest.mark.parametrize("signing", ["RS256", "ES256", "EdDSA"])
def test_a_key_of_another_kind_is_refused_with_a_sentence(signing):
    other = new_key("EdDSA" if signing != "EdDSA" else "ES256")
    for key in (other, "no key"):
        command = [sys.executable, "-m", "reference_platform", "--signing", signing]
        env = os.environ | {"REFERENCE_JWT_SECRET": key}
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=10, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert signing in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_socket_ends_with_its_token_unless_it_is_renewed():
    """At expiry an error frame and close 1008; `authenticate` with a newer token prevents it."""
    with platform(*FAST, "--access-ttl", "2") as running:
        ann, ben = running.person(), running.person()
        with ann.line() as anns, ben.line() as bens:
            first = claims_of(ben.login["access_token"])["iat"]
            assert eventually(lambda: int(time.time()) > first)  # tokens date in whole seconds
            reply = ben.post_auth("/auth/refresh", {"refresh_token": ben.login["refresh_token"]})
            bens.say(type="authenticate", token=reply.json()["access_token"])
            assert bens.hear()["type"] == "authenticated"
            assert anns.hear()["payload"]["code"] == "token_expired"
            with pytest.raises(ConnectionClosed) as closed:
                anns.hear()
            assert closed.value.rcvd.code == 1008
            bens.say(type="ping")
            assert bens.hear()["type"] == "pong"


def test_nobody_renews_a_socket_with_somebody_elses_token(honest):
    ann, ben = honest.person(), honest.person()
    with ann.line() as line:
        line.say(type="authenticate", token=ben.login["access_token"])
        assert line.hear()["payload"]["code"] == "forbidden"
