"""Faults between a run and the socket that it should be heard on."""

import contextlib
import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.reference_platform.driving import (
    SLOW,
    TERMINAL,
    Line,
    connect_to,
    drop,
    faulty,
    heard,
    listen,
    settled,
    started,
    two_lines,
)


def test_reply_map_collision_gives_equal_request_ids_one_session():
    with faulty("reply_map_collision", latency=SLOW) as running:
        with running.person().line() as anns, running.person().line() as bens:
            anns.ask("my word is AMBER", request="1")
            started(anns)
            bens.ask("my word is BEIGE", request="1")
            bens.hear_until(lambda f: f["type"] == "agent_delta" and "AMBER" in heard(bens))
            assert settled(running, ["completed"] * 2)
            assert "agent_completed" not in {f["type"] for f in anns.heard}
        with running.person().line() as line:
            assert line.answer(line.ask("alone"))["type"] == "agent_completed"


def test_wrong_routing_key_loses_first_answers_and_gives_others_to_who_names_the_thread():
    with faulty("wrong_routing_key", latency=SLOW) as running:
        ann, eve = running.person(), running.person()
        with ann.line() as anns, eve.line() as eves:
            request = anns.ask("my word is AMBER")
            thread = anns.answer(request)["thread_id"]
            assert [f["type"] for f in anns.of(request)] == ["agent_completed"]
            anns.ask("my word is BEIGE", thread)
            started(anns)
            eves.ask("may I?", thread)
            assert "BEIGE" in str(eves.hear_until(lambda f: f["type"] == "agent_completed"))


def test_duplicate_emitter_says_everything_twice_and_to_the_newest():
    with two_lines("duplicate_emitter", latency=SLOW) as (_, anns, bens):
        request = anns.ask("my word is AMBER")
        started(anns)
        other = bens.ask("my word is BEIGE")
        assert [f["type"] for f in anns.of(request)].count("agent_started") == 2
        bens.answer(other)
        listen(bens, 0.3)
        assert "AMBER" in heard(bens)
        assert anns.answer(request)["type"] == "agent_completed"


def test_stale_replay_gives_what_a_dropped_client_missed_to_the_next_one():
    with faulty("stale_replay", latency=SLOW) as running:
        ann, ben = running.person(), running.person()
        with contextlib.suppress(OSError), ann.line() as anns:
            anns.ask("my word is AMBER")
            started(anns)
            drop(anns)
        assert settled(running, ["completed"])
        with ben.line() as bens:
            assert "AMBER" in str(bens.hear_until(lambda f: f["type"] == "agent_completed"))
        with ann.line() as anns:
            assert len(listen(anns, 0.2)) == 1


def test_resume_takeover_gives_a_session_to_whoever_names_it():
    with two_lines("resume_takeover", latency=SLOW) as (_, anns, eves):
        anns.ask("my word is AMBER")
        started(anns)
        session = anns.heard[0]["session_id"]
        eves.say(type="resume", session_id=session, resume_token="guess")
        assert eves.hear()["type"] == "resumed"
        assert "AMBER" in str(eves.hear_until(lambda f: f["type"] == "agent_completed"))


def test_label_laundering_hides_a_misrouting_behind_the_recipients_ids():
    with faulty("broadcast", "label_laundering", latency=SLOW) as running:
        ben = running.person()
        with running.person().line() as anns, ben.line() as bens:
            own = bens.ask("my word is BEIGE")
            run = started(bens)["run_id"]
            anns.ask("my word is AMBER")
            bens.hear_until(lambda f: f["type"] == "agent_completed" and "AMBER" in str(f))
            frames = bens.heard[1:]
            assert {f["user_id"] for f in frames} == {ben.id}
            assert {(f["request_id"], f["run_id"]) for f in frames if f["run_id"]} == {(own, run)}


def test_room_name_collision_puts_users_with_like_emails_into_one_room():
    with faulty("room_name_collision") as running:
        ann = running.person(email="Annabelle.one@example.org")
        ben = running.person(email="annabelle.two@example.org")
        eve = running.person(email="eve@example.org")
        with ann.line() as anns, ben.line() as bens, eve.line() as eves:
            anns.answer(anns.ask("my word is AMBER"))
            assert "AMBER" in str(bens.hear_until(lambda f: f["type"] == "agent_completed"))
            assert len(listen(eves, 0.2)) == 1


def test_same_second_ids_are_given_twice_and_one_clients_end_is_anothers_silence():
    with faulty("same_second_ids") as running:
        people = [running.person() for _ in range(6)]
        time.sleep(1 - time.time() % 1)
        with contextlib.ExitStack() as stack:
            lines = [stack.enter_context(person.line()) for person in people]
            ids = [line.heard[0]["connection_id"] for line in lines]
            assert len(set(ids)) < len(ids)
            last = max(n for n, name in enumerate(ids) if name == ids[0])
            lines[0].socket.close()
            lines[last].say(type="ping")
            with pytest.raises(TimeoutError):
                lines[last].hear(0.4)


def test_trusts_payload_identity_lets_a_client_speak_for_another():
    with faulty("trusts_payload_identity") as running:
        ann, eve = running.person(), running.person()
        with ann.line() as anns, eve.line() as eves:
            anns.answer(anns.ask("Remember: AMBER"))
            eves.say(
                type="user_message",
                request_id="r",
                user_id=ann.id,
                payload={"content": "What did I tell you to remember?"},
            )
            assert "AMBER" in eves.answer("r")["payload"]["content"]
        rows = running.rows("SELECT DISTINCT user_id FROM messages WHERE request_id = 'r'")
        assert rows == [(ann.id,)]


def test_buffer_reuse_fills_frames_with_what_others_wrote_since():
    with (
        faulty("buffer_reuse", latency=("--latency", "5:9")) as running,
        contextlib.ExitStack() as stack,
    ):
        lines = [stack.enter_context(running.person().line()) for _ in range(6)]
        words = [f"word-{n}-" * 9 for n in range(6)]
        for _ in range(8):
            requests = [line.ask(word) for line, word in zip(lines, words, strict=True)]
            for line, request in zip(lines, requests, strict=True):
                line.answer(request)
        foreign = [
            (n, m)
            for n, line in enumerate(lines)
            for m in range(6)
            if m != n and f"word-{m}-" in str([f["payload"] for f in line.heard])
        ]
        assert foreign
        for line in lines:
            assert [f["seq"] for f in line.heard] == list(range(len(line.heard)))


def test_connect_stall_makes_a_burst_of_clients_wait_for_each_other():
    with faulty("connect_stall") as running, contextlib.ExitStack() as stack:
        people = [running.person() for _ in range(4)]
        begun = time.monotonic()
        sockets = [
            stack.enter_context(connect_to(running.ws, additional_headers=person.headers))
            for person in people
        ]
        waits = []
        for socket in sockets:
            Line(socket).hear()
            waits.append(time.monotonic() - begun)
        assert waits[0] > 0.25
        assert waits[-1] > 1.2


def test_slot_leak_refuses_a_user_who_comes_again_and_again():
    with faulty("slot_leak") as running:
        ann = running.person()
        for _ in range(8):
            with ann.line():
                pass
        with connect_to(running.ws, additional_headers=ann.headers) as socket:
            line = Line(socket)
            assert line.hear()["payload"]["code"] == "too_many_connections"
            with pytest.raises(ConnectionClosed):
                line.hear()
        with running.person().line() as line:
            assert line.answer(line.ask("anything"))["type"] in TERMINAL


def test_an_honest_platform_gives_places_back(honest):
    ann = honest.person()
    for _ in range(12):
        with ann.line():
            pass
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(ann.line())
        with connect_to(honest.ws, additional_headers=ann.headers) as socket:
            assert Line(socket).hear()["payload"]["code"] == "too_many_connections"
