"""Several processes as one platform: over a common supervisor, over Redis, as two services."""

import contextlib

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.reference_platform.driving import FAST, drop, platform
from tests.reference_platform.redis_server import redis_server
from tests.reference_platform.test_sockets import FIVE, kinds

SECRETS = {"REFERENCE_SERVICE_SECRET": "between services", "REFERENCE_JWT_SECRET": "x" * 40}
SLOW = ("--latency", "400:600")
LINES = 8  # over two workers, all on one of them in 1 of 128 cases; then nothing is crossed


@pytest.fixture(params=["supervisor", "redis"])
def two_workers(request):
    """A platform with two workers that know each other one way or the other."""
    with contextlib.ExitStack() as stack:
        options = ["--workers", "2"]
        if request.param == "redis":
            options += ["--redis", stack.enter_context(redis_server())]
        yield stack.enter_context(platform(*SLOW, *options))


def test_logout_closes_sockets_on_every_worker(two_workers):
    ann = two_workers.person()
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(ann.line()) for _ in range(LINES)]
        assert ann.post_auth("/auth/logout").status_code == 200
        for line in lines:
            with pytest.raises(ConnectionClosed) as closed:
                line.hear()
            assert closed.value.rcvd.code == 1008


def test_a_session_is_resumed_on_whichever_worker(two_workers):
    """Each of several dropped sessions is resumed over a new socket, in mid-answer."""
    ann = two_workers.person()
    for _ in range(LINES // 2):
        with contextlib.suppress(OSError), ann.line() as line:
            request = line.ask("will I miss this?")
            seen = line.hear_until(lambda f: f["type"] == "agent_thinking")
            session, before = line.heard[0], line.of(request)
            drop(line)
        with ann.line() as line:
            line.say(
                type="resume",
                session_id=session["session_id"],
                resume_token=session["resume_token"],
                last_seq=seen["seq"],
            )
            final = line.answer(request)
            after = line.of(request)
            assert [f["seq"] for f in line.heard] == list(range(len(line.heard)))
        assert [kind for kind in kinds(before + after) if kind != "agent_delta"] == FIVE
        deltas = [f["payload"]["delta"] for f in after if f["type"] == "agent_delta"]
        assert "".join(deltas) == final["payload"]["content"]


def test_a_session_resumed_twice_loses_nothing(two_workers):
    """The second time by the id of the first successor only: what that had taken over follows."""
    ann = two_workers.person()
    for _ in range(LINES // 2):
        heard = []
        session, seen = None, None
        for attempt in range(3):
            with contextlib.suppress(OSError), ann.line() as line:
                if session is None:
                    request = line.ask("will I miss this?")
                else:
                    line.say(
                        type="resume",
                        session_id=session["session_id"],
                        resume_token=session["resume_token"],
                        last_seq=seen,
                    )
                    line.hear_until(lambda f: f["type"] == "resumed")
                if attempt < 2:
                    line.hear_until(lambda f, r=request: f["request_id"] == r)
                    session, seen = line.heard[0], line.heard[-1]["seq"]
                    heard += line.of(request)
                    drop(line)
                else:
                    final = line.answer(request)
                    heard += line.of(request)
        events = [f for f in heard if f["run_id"]]
        assert [kind for kind in kinds(events) if kind != "agent_delta"] == FIVE
        deltas = [f["payload"]["delta"] for f in events if f["type"] == "agent_delta"]
        assert "".join(deltas) == final["payload"]["content"]


def test_nobody_else_resumes_a_session_on_whichever_worker(two_workers):
    ann, eve = two_workers.person(), two_workers.person()
    with ann.line() as anns:
        session = anns.heard[0]
        with eve.line() as one, eve.line() as two:  # unless both meet on one worker
            for eves in (one, two):
                eves.say(
                    type="resume",
                    session_id=session["session_id"],
                    resume_token=session["resume_token"],
                )
            for eves in (one, two):
                assert eves.hear()["payload"]["code"] == "not_found"


def test_a_cache_without_user_leaks_between_workers_that_share_it():
    with contextlib.ExitStack() as stack:
        options = ("--workers", "2", "--redis", stack.enter_context(redis_server()))
        running = stack.enter_context(platform(*FAST, *options, "--fault", "cache_without_user"))
        anns = stack.enter_context(running.person().line())
        recall = "What did I tell you to remember?"
        anns.answer(anns.ask("Remember: AMBER"))
        anns.answer(anns.ask(recall))
        for _ in range(LINES):
            line = stack.enter_context(running.person().line())
            assert "AMBER" in line.answer(line.ask(recall))["payload"]["content"]


@pytest.mark.parametrize("redis", [True, False])
def test_auth_and_backend_can_be_two_services(tmp_path, redis):
    """The backend asks the auth service who a token speaks for; logout reaches its sockets."""
    database = ("--database", f"sqlite:///{tmp_path}/rows.db")
    with contextlib.ExitStack() as stack:
        common = [*FAST, *database]
        if redis:
            common += ["--redis", stack.enter_context(redis_server())]
        auth = stack.enter_context(platform(*common, "--service", "auth", env=SECRETS))
        backend = stack.enter_context(
            platform(*common, "--service", "backend", "--auth-url", auth.http, env=SECRETS)
        )
        assert auth.ws is None
        assert backend.auth == auth.http
        ann = backend.person()
        with ann.line() as line:
            line.answer(line.ask("anything"))
            assert httpx.post(f"{backend.http}/auth/login", json={}).status_code == 404
            assert ann.post_auth("/auth/logout").status_code == 200
            with pytest.raises(ConnectionClosed) as closed:
                line.hear()
            assert closed.value.rcvd.code == 1008
        assert ann.http("GET", "/threads").status_code == 401


def test_a_backend_without_its_auth_service_lets_nobody_in(tmp_path):
    database = ("--database", f"sqlite:///{tmp_path}/rows.db")
    options = (*FAST, *database, "--service")
    with platform(*options, "auth", env=SECRETS) as auth:
        ann = auth.person()
    with platform(*options, "backend", "--auth-url", auth.http, env=SECRETS) as backend:
        ann.platform = backend
        assert ann.http("GET", "/threads").status_code == 503
