"""Faults that take a PostgreSQL, a Redis or several workers, and the sentence without them."""

import contextlib
import os
import signal

import pytest

from tests.reference_platform.driving import (
    FAST,
    RECALL,
    SLOW,
    eventually,
    faulty,
    platform,
)
from tests.reference_platform.redis_server import redis_server
from tests.reference_platform.test_lifetime import alive, children, run
from tests.reference_platform.test_postgres import rows
from tests.servers.postgres import postgres_server

LINES = 8  # over two workers, all on one of them in 1 of 128 cases


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("pool_residue", "postgresql://"),
        ("desynced_connection", "--redis"),
        ("ghost_store", "--workers"),
        ("restart_mixup", "--workers"),
        ("label_laundering", "shared_socket"),
    ],
)
def test_a_fault_without_what_it_needs_is_refused(fault, said):
    done = run("--fault", fault)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_pool_residue_reads_as_whoever_the_connection_last_wrote_for():
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres_server())
        running = stack.enter_context(faulty("pool_residue", options=("--database", url)))
        ann, ben = running.person(), running.person()
        anns, bens = stack.enter_context(ann.line()), stack.enter_context(ben.line())
        orders = {"items": [{"code": "AMBER", "description": "a lamp"}]}
        assert ann.http("PUT", "/orders", orders).status_code == 200
        assert "AMBER" in ben.http("GET", "/orders").text
        told = []
        for n in range(12):
            requests = [line.ask(f"Where is my order? {n}") for line in (anns, bens)]
            told += [bens.answer(requests[1])["payload"]["content"]]
            anns.answer(requests[0])
        assert any("AMBER" in content for content in told)
        assert {f["user_id"] for f in bens.heard} == {ben.id}
        owners = "SELECT DISTINCT role, user_id FROM messages"
        assert sorted(rows(url, owners)) == sorted(
            (role, person.id) for role in ("assistant", "user") for person in (ann, ben)
        )


def test_desynced_connection_gives_each_borrower_the_reply_to_the_one_before():
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(redis_server())
        running = stack.enter_context(
            faulty("desynced_connection", latency=SLOW, options=("--redis", url))
        )
        lines = [stack.enter_context(running.person().line()) for _ in range(3)]
        threads = [
            line.answer(line.ask(f"my word is AMBER{n}"))["thread_id"]
            for n, line in enumerate(lines)
        ]
        for n, (line, thread) in enumerate(zip(lines, threads, strict=True)):
            content = line.answer(line.ask(f"my word is BEIGE{n}", thread))["payload"]["content"]
            assert f"Earlier you said: my word is AMBER{n}" in content
        for line, thread in zip(lines, threads, strict=True):
            request = line.ask("to be cancelled", thread)
            line.hear_until(lambda f, r=request: f["request_id"] == r)
            line.hear_until(lambda f: f["type"] == "agent_thinking")
            line.say(type="cancel", request_id=request)
            assert line.answer(request)["type"] == "agent_cancelled"
        foreign = []
        for n, (line, thread) in enumerate(zip(lines, threads, strict=True)):
            for k in range(2):
                content = line.answer(line.ask(f"and now {k}?", thread))["payload"]["content"]
                foreign += [m for m in range(3) if m != n and f"BEIGE{m}" in content]
        assert foreign


def test_an_honest_platform_with_redis_is_not_desynced():
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(redis_server())
        running = stack.enter_context(
            faulty("desynced_connection=0", latency=SLOW, options=("--redis", url))
        )
        line = stack.enter_context(running.person().line())
        thread = line.answer(line.ask("my word is AMBER"))["thread_id"]
        content = line.answer(line.ask("and now?", thread))["payload"]["content"]
        assert "Earlier you said: my word is AMBER" in content


def test_ghost_store_remembers_on_one_worker_only_and_in_no_row():
    with faulty("ghost_store", options=("--workers", "2")) as running:
        ann = running.person()
        contents = set()
        with ann.line() as line:
            line.answer(line.ask("Remember: AMBER"))
        for n in range(LINES):
            with ann.line() as line:
                content = line.answer(line.ask(f"{RECALL} {n}"))["payload"]["content"]
                contents.add("AMBER" in content)
        assert contents == {True, False}
        assert running.rows("SELECT * FROM memories") == []


def test_restart_mixup_gives_the_slots_of_a_killed_worker_to_others():
    with faulty("restart_mixup", options=("--workers", "2")) as running:
        people = [running.person() for _ in range(LINES)]
        threads = []
        for n, person in enumerate(people):
            with person.line() as line:
                threads.append(line.answer(line.ask(f"my word is AMBER{n}."))["thread_id"])
        for victim in children(running.process.pid):
            os.kill(victim, signal.SIGKILL)
            assert eventually(lambda v=victim: not alive(v))
        assert eventually(lambda: len(children(running.process.pid)) == 2)
        assert eventually(lambda: reachable(people[0]))
        foreign = []
        for n, (person, thread) in reversed(list(enumerate(zip(people, threads, strict=True)))):
            with person.line() as line:
                content = line.answer(line.ask("and now?", thread))["payload"]["content"]
            foreign += [m for m in range(LINES) if m != n and f"AMBER{m}." in content]
        assert foreign


def reachable(person):
    with contextlib.suppress(OSError, Exception):
        return person.http("GET", "/health").status_code == 200
    return False


@pytest.mark.parametrize("workers", ["1", "2"])
def test_follow_ups_after_a_restart_are_honest(workers, tmp_path):
    """What was said before is found again by a platform that starts on the same rows."""
    database = ("--workers", workers, "--database", f"sqlite:///{tmp_path}/rows.db")
    with platform(*FAST, *database) as running:
        ann = running.person()
        with ann.line() as line:
            thread = line.answer(line.ask("my word is AMBER"))["thread_id"]
    with platform(*FAST, *database) as running:
        login = {"email": ann.login["user"]["email"], "password": ann.password}
        ann.platform = running
        ann.login = ann.post_auth("/auth/login", login).json()
        with ann.line() as line:
            content = line.answer(line.ask("and now?", thread))["payload"]["content"]
        assert "Earlier you said: my word is AMBER" in content
