"""Faults in whom the platform believes."""

import time

import httpx
import jwt
import pytest

from tests.reference_platform.driving import Line, connect_to, faulty
from tests.reference_platform.test_auth import claims_of


def test_shared_identity_fallback_makes_guests_of_users_when_auth_is_slow():
    with faulty("shared_identity_fallback=1") as running:
        people = [running.person(), running.person()]
        for n, person in enumerate(people):
            with connect_to(running.ws, additional_headers=person.headers) as socket:
                line = Line(socket)
                assert line.hear()["user_id"] == "guest"
                asked = "Remember: AMBER" if n == 0 else "What did I tell you to remember?"
                final = line.answer(line.ask(asked))
                assert "AMBER" in final["payload"]["content"]
        owners = running.rows("SELECT DISTINCT user_id FROM messages")
        assert owners == [("guest",)]


def test_unverified_token_believes_what_is_not_signed_and_nothing_that_is_signed_wrongly():
    with faulty("unverified_token") as running:
        ann, eve = running.person(), running.person()
        claims = claims_of(eve.login["access_token"]) | {"sub": ann.id}
        with ann.line() as line:
            line.answer(line.ask("my word is AMBER"))
        eve.login["access_token"] = jwt.encode(claims, None, "none")
        threads = eve.http("GET", "/threads").json()["threads"]
        assert [thread["user_id"] for thread in threads] == [ann.id]
        eve.login["access_token"] = jwt.encode(claims, "guessed" * 8, "HS256")
        assert eve.http("GET", "/threads").status_code == 401


def test_outlives_logout_keeps_sockets_and_believes_tokens_it_has_seen():
    with faulty("outlives_logout") as running:
        ann, ben = running.person(), running.person()
        with ann.line() as line:
            assert ann.post_auth("/auth/logout").status_code == 200
            assert line.answer(line.ask("still there?"))["type"] == "agent_completed"
            assert ann.http("GET", "/threads").status_code == 200
        assert ben.post_auth("/auth/logout").status_code == 200
        assert ben.http("GET", "/threads").status_code == 401


def test_outlives_logout_keeps_sockets_past_their_tokens_end():
    with faulty("outlives_logout", options=("--access-ttl", "1")) as running:
        ann = running.person()
        with ann.line() as line:
            expiry = claims_of(ann.login["access_token"])["exp"]
            with pytest.raises(TimeoutError):
                line.hear(expiry + 0.5 - time.time())
            assert line.answer(line.ask("still there?"))["type"] == "agent_completed"


def test_refresh_swaps_identity_of_users_who_refresh_at_once():
    with faulty("refresh_swaps_identity") as running:
        ann, ben = running.person(), running.person()
        first = ann.post_auth("/auth/refresh", {"refresh_token": ann.login["refresh_token"]})
        second = ben.post_auth("/auth/refresh", {"refresh_token": ben.login["refresh_token"]})
        assert first.json()["user"]["id"] == ann.id
        assert second.json()["user"]["id"] == ann.id
        ben.login = second.json()
        with ben.line() as line:
            assert line.heard[0]["user_id"] == ann.id


def test_refresh_swaps_identity_of_nobody_who_refreshes_alone():
    with faulty("refresh_swaps_identity") as running:
        ann = running.person()
        for _ in range(2):
            reply = ann.post_auth("/auth/refresh", {"refresh_token": ann.login["refresh_token"]})
            assert reply.json()["user"]["id"] == ann.id
            ann.login = reply.json()
        assert httpx.get(f"{running.http}/threads", headers=ann.headers).status_code == 200
