"""Every fault shows its signal, given its rate and its trigger; what it does not touch is well."""

import contextlib
import time

import pytest

from tests.reference_platform.driving import (
    RECALL,
    SLOW,
    TERMINAL,
    eventually,
    faulty,
    heard,
    settled,
)


def test_shared_socket_sends_a_running_answer_to_the_newest_socket():
    with faulty("shared_socket", latency=SLOW) as running:
        ann, ben = running.person(), running.person()
        with ann.line() as anns:
            anns.ask("my word is AMBER")
            anns.hear_until(lambda f: f["type"] == "agent_started")
            with ben.line() as bens:
                final = bens.hear_until(lambda f: f["type"] == "agent_completed")
                assert "AMBER" in final["payload"]["content"]
                assert final["user_id"] == ann.id
                assert [f["seq"] for f in bens.heard] == list(range(len(bens.heard)))
        assert settled(running, ["completed"])


def test_broadcast_reaches_who_never_asked():
    with (
        faulty("broadcast") as running,
        running.person().line() as anns,
        running.person().line() as observer,
    ):
        anns.answer(anns.ask("my word is AMBER"))
        final = observer.hear_until(lambda f: f["type"] == "agent_completed")
        assert "AMBER" in final["payload"]["content"]


def test_singleton_agent_answers_one_with_the_words_of_another():
    """Frames are labelled right; content and rows are not."""
    with faulty("singleton_agent", latency=SLOW) as running:
        ann = running.person()
        with ann.line() as anns, running.person().line() as bens:
            request = anns.ask("my word is AMBER")
            anns.hear_until(lambda f: f["type"] == "agent_thinking")
            other = bens.ask("my word is BEIGE")
            final = anns.answer(request)
            bens.answer(other)
            assert "BEIGE" in heard(anns)
            assert {f["user_id"] for f in anns.heard} == {ann.id}
        rows = running.rows(
            "SELECT content FROM messages WHERE run_id = ? AND role = 'assistant'", final["run_id"]
        )
        assert rows == [(final["payload"]["content"],)]


def test_cache_without_user_answers_twins_alike():
    """Whoever asks second hears what the first had told."""
    with (
        faulty("cache_without_user") as running,
        running.person().line() as anns,
        running.person().line() as bens,
    ):
        anns.answer(anns.ask("Remember: AMBER"))
        anns.answer(anns.ask(RECALL))
        started = time.monotonic()
        content = bens.answer(bens.ask(RECALL))["payload"]["content"]
        assert time.monotonic() - started < 0.1
        assert "AMBER" in content


def test_missing_owner_check_shows_a_thread_to_anybody_but_lets_nobody_write():
    with faulty("missing_owner_check") as running:
        ann, eve = running.person(), running.person()
        with ann.line() as anns, eve.line() as eves:
            thread = anns.answer(anns.ask("my word is AMBER"))["thread_id"]
            assert "AMBER" in eve.http("GET", f"/threads/{thread}/messages").text
            assert eve.http("GET", f"/threads/{thread}").json()["user_id"] == ann.id
            eves.say(type="get_thread", thread_id=thread)
            assert "AMBER" in str(eves.hear()["payload"]["messages"])
            assert eves.answer(eves.ask("hello", thread))["payload"]["code"] == "not_found"
        assert eve.http("GET", "/threads/none").status_code == 404
        assert eve.http("DELETE", f"/threads/{thread}").status_code == 404


def test_wrong_owner_row_stores_an_answer_as_the_newest_users():
    with faulty("wrong_owner_row", latency=SLOW) as running:
        ann, ben = running.person(), running.person()
        with ann.line() as anns, ben.line() as bens:
            request = anns.ask("my word is AMBER")
            anns.hear_until(lambda f: f["type"] == "agent_thinking")
            other = bens.ask("my word is BEIGE")
            final = anns.answer(request)
            bens.answer(other)
            assert "BEIGE" not in heard(anns)
        rows = running.rows(
            "SELECT role, user_id FROM messages WHERE run_id = ? ORDER BY created_at",
            final["run_id"],
        )
        assert rows == [("user", ann.id), ("assistant", ben.id)]


def test_lost_row_answers_and_stores_nothing():
    with faulty("lost_row=1") as running, running.person().line() as line:
        final = line.answer(line.ask("anything"))
        assert final["type"] == "agent_completed"
        again = line.answer(line.ask("in the same thread", final["thread_id"]))
        assert again["type"] == "agent_completed"
        assert running.rows("SELECT * FROM messages") == []


def test_lost_row_keeps_the_rows_that_it_does_not_lose():
    with faulty("lost_row=0.5") as running, running.person().line() as line:
        for n in range(12):
            line.answer(line.ask(f"question {n}"))

        def whole():
            return len(running.rows("SELECT id FROM messages")) == 2 * len(
                running.rows("SELECT id FROM runs WHERE status = 'completed'")
            )

        assert eventually(whole)
        assert 0 < len(running.rows("SELECT id FROM runs")) < 12


def test_placeholder_owner_stores_an_answer_as_the_systems():
    with faulty("placeholder_owner=1") as running:
        ann = running.person()
        with ann.line() as line:
            line.answer(line.ask("anything"))
        rows = running.rows("SELECT role, user_id FROM messages ORDER BY created_at")
        assert rows == [("user", ann.id), ("assistant", "system")]


def test_silent_swallow_says_nothing_and_stores_nothing():
    with faulty("silent_swallow=1") as running, running.person().line() as line:
        request = line.ask("anything")
        line.say(type="ping")
        assert line.hear()["type"] == "pong"
        with pytest.raises(TimeoutError):
            line.hear(0.5)
        assert line.of(request) == []
        assert running.rows("SELECT * FROM runs") == []


def test_lost_terminal_completes_without_saying_so():
    with faulty("lost_terminal=1") as running, running.person().line() as line:
        request = line.ask("anything")
        assert settled(running, ["completed"])
        with pytest.raises(TimeoutError):
            line.hear_until(lambda f: f["type"] == "agent_completed", 0.5)
        assert "agent_delta" in {f["type"] for f in line.of(request)}


def test_out_of_order_reorders_and_repeats_events():
    with faulty("out_of_order=0.3") as running, running.person().line() as line:
        disordered = repeated = 0
        for n in range(6):
            request = line.ask(f"question {n}")
            final = line.answer(request)
            with contextlib.suppress(TimeoutError):
                line.hear_until(lambda _: False, 0.15)
            frames = line.of(request)
            deltas = [f["payload"]["delta"] for f in frames if f["type"] == "agent_delta"]
            disordered += "".join(deltas) != final["payload"]["content"]
            repeated += len({f["seq"] for f in frames}) < len(frames)
        assert disordered
        assert repeated
        line.say(type="ping")
        line.hear_until(lambda f: f["type"] == "pong")


def test_hung_agent_falls_silent_and_its_run_stays_open():
    """The dead hold no place: more of them than may run at once."""
    quick = ("--latency", "1:2", "--agent-limit", "0.5")
    with faulty("hung_agent=1", latency=quick) as running:
        with running.person().line() as line:
            for n in range(9):
                request = line.ask(f"question {n}")
                line.hear_until(lambda f, r=request: f["request_id"] == r and f["run_id"])
                line.hear_until(lambda f: f["type"] == "agent_thinking")
            with pytest.raises(TimeoutError):
                line.hear_until(lambda f: f["type"] in TERMINAL, 1)
        assert settled(running, ["running"] * 9)


def test_slow_tail_stalls_for_seconds_and_answers_in_the_end():
    short = ("--seed", "339")  # its dice stall for little more than six seconds
    with faulty("slow_tail=1", options=short) as running, running.person().line() as line:
        started = time.monotonic()
        request = line.ask("anything")
        line.hear_until(lambda f: f["type"] == "agent_thinking", 1)
        end = line.hear_until(lambda f: f["type"] == "agent_completed", 15)
        assert end["request_id"] == request
        assert 6 < time.monotonic() - started < 13


def test_faults_can_be_combined():
    names = ["shared_socket", "broadcast", "singleton_agent", "cache_without_user"]
    names += ["wrong_owner_row", "lost_row", "placeholder_owner", "out_of_order", "lost_terminal"]
    with faulty(*names) as running:
        with running.person().line() as anns, running.person().line() as bens:
            anns.ask("my word is AMBER")
            bens.hear_until(lambda f: "AMBER" in str(f["payload"]))
            bens.ask("my word is BEIGE")
            anns.hear_until(lambda f: "BEIGE" in str(f["payload"]))
        ann = running.person()
        assert ann.http("GET", "/health").json() == {"status": "ok"}


def test_a_fault_at_rate_zero_does_nothing():
    with (
        faulty("broadcast=0", "singleton_agent=0") as running,
        running.person().line() as anns,
        running.person().line() as observer,
    ):
        anns.answer(anns.ask("my word is AMBER"))
        with pytest.raises(TimeoutError):
            observer.hear(0.3)
