"""The honest platform under concurrency: nothing foreign, nothing lost, nothing twice."""

import contextlib
import signal
from collections import Counter

import pytest

from tests.reference_platform.driving import FAST, platform

USERS = 8
QUERIES = 4


def converse(running):
    """Everybody asks at once, about their own; then everybody listens.

    Returns people, their lines' frames, and the requests with the word that each contains.
    """
    people = [running.person(name=f"user {n}") for n in range(USERS)]
    asked = {}
    frames = {}
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(person.line()) for person in people]
        for n, line in enumerate(lines):
            line.answer(line.ask(f"Remember: word-{n}-memory"))
        for k in range(QUERIES):
            for n, line in enumerate(lines):
                request = line.ask(f"What did I tell you to remember? word-{n}-{k}")
                asked[request] = (n, k)
        for request, (n, _) in asked.items():
            assert lines[n].answer(request)["type"] == "agent_completed"
        for person, line in zip(people, lines, strict=True):
            frames[person.id] = line.heard
    return people, frames, asked


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_frame_is_its_users_and_every_row_is_there(workers):
    with platform(*FAST, "--workers", workers) as running:
        people, frames, asked = converse(running)
        for n, person in enumerate(people):
            heard = frames[person.id]
            assert [f["seq"] for f in heard] == list(range(len(heard)))
            assert {f["user_id"] for f in heard} == {person.id}
            words = str([f["payload"] for f in heard])
            foreign = [m for m in range(USERS) if m != n and f"word-{m}-" in words]
            assert foreign == []
        stored = running.rows("SELECT request_id, role, user_id FROM messages")
        expected = Counter(
            (request, role, people[n].id)
            for request, (n, _) in asked.items()
            for role in ("user", "assistant")
        )
        assert Counter(row for row in stored if row[0] in asked) == expected
        statuses = running.rows("SELECT status, COUNT(*) FROM runs GROUP BY status")
        assert statuses == [("completed", USERS * (QUERIES + 1))]


def test_a_stopped_platform_leaves_no_run_open(tmp_path):
    """Queries cut off by SIGTERM are cancelled in the rows, with no half answer."""
    database = f"sqlite:///{tmp_path}/rows.db"
    with platform("--latency", "3000:9000", "--database", database) as running:
        with running.person().line() as line:
            request = line.ask("to be cut off")
            line.hear_until(lambda f: f["type"] == "agent_thinking")
            running.process.send_signal(signal.SIGTERM)
            running.process.wait(timeout=2)
        assert running.rows("SELECT request_id, status FROM runs") == [(request, "cancelled")]
        assert running.rows("SELECT role FROM messages") == [("user",)]


def test_a_platform_starts_again_on_the_rows_of_an_earlier_one(tmp_path):
    database = f"sqlite:///{tmp_path}/rows.db"
    for count in (2, 4):
        with platform(*FAST, "--database", database) as running:
            with running.person().line() as line:
                line.answer(line.ask("again"))
            assert running.rows("SELECT COUNT(*) FROM messages") == [(count,)]
