import contextlib
import json

import pytest

from tests.reference_platform.driving import FAST, Line, connect_to, drop, platform

FIVE = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]


def kinds(frames):
    return [frame["type"] for frame in frames]


def test_a_query_is_answered_by_five_events_in_order_with_all_ids(honest):
    """Deltas between tools and completion spell the answer; the answer contains the question."""
    ann = honest.person()
    with ann.line() as line:
        request = line.ask("How far is Port Kellsworth?")
        final = line.answer(request)
        frames = line.of(request)
    assert [kind for kind in kinds(frames) if kind != "agent_delta"] == FIVE
    deltas = [f["payload"]["delta"] for f in frames if f["type"] == "agent_delta"]
    assert 6 <= len(deltas) <= 12
    assert "".join(deltas) == final["payload"]["content"]
    assert "How far is Port Kellsworth?" in final["payload"]["content"]
    assert "Port Kellsworth" in frames[1]["payload"]["content"]
    assert {f["user_id"] for f in frames} == {ann.id}
    assert len({(f["thread_id"], f["run_id"]) for f in frames}) == 1
    assert all(isinstance(f["timestamp"], float) for f in frames)


def test_frames_of_a_connection_are_numbered_from_zero_without_gaps(honest):
    with honest.person().line() as line:
        requests = [line.ask(f"question {n}") for n in range(3)]
        line.say(type="ping")
        for request in requests:
            line.answer(request)
        assert [f["seq"] for f in line.heard] == list(range(len(line.heard)))


def test_queries_of_one_connection_run_side_by_side(honest):
    """The second starts before the first has ended."""
    with honest.person().line() as line:
        first, second = line.ask("one"), line.ask("two")
        line.answer(first)
        line.answer(second)
        order = [(f["request_id"], f["type"]) for f in line.heard]
        assert order.index((second, "agent_started")) < order.index((first, "agent_completed"))


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("no json", "bad_request"),
        ("", "bad_request"),
        (b"", "bad_request"),
        ("[]", "bad_request"),
        ('{"type": "dance"}', "unknown_type"),
        ('{"type": "user_message", "payload": {"content": " "}}', "bad_request"),
        ('{"type": "user_message", "payload": "text"}', "bad_request"),
        ('{"type": "user_message", "thread_id": 7, "payload": {"content": "x"}}', "bad_request"),
        ('{"type": "get_thread", "thread_id": "none"}', "not_found"),
        ('{"type": "cancel", "request_id": "none"}', "not_found"),
        ('{"type": "resume", "session_id": "none", "resume_token": "none"}', "not_found"),
        (json.dumps({"type": "ping", "pad": "x" * 5_300_000}), "frame_too_large"),
        (
            json.dumps({"type": "user_message", "payload": {"content": "x" * 1_100_000}}),
            "content_too_large",
        ),
    ],
)
def test_what_is_wrong_with_a_message_is_said_and_the_socket_stays_open(honest, sent, code):
    with honest.person().line() as line:
        line.socket.send(sent)
        assert line.hear()["payload"]["code"] == code
        line.say(type="ping")
        assert line.hear()["type"] == "pong"


def test_a_foreign_thread_and_a_missing_one_look_the_same(honest):
    """By asking in it, by reading it: nothing tells whether it exists."""
    ann, eve = honest.person(), honest.person()
    with ann.line() as anns, eve.line() as eves:
        theirs = anns.answer(anns.ask("a secret"))["thread_id"]
        replies = []
        for thread in (theirs, "00000000-0000-0000-0000-000000000000"):
            asked = eves.answer(eves.ask("hello", thread))
            eves.say(type="get_thread", thread_id=thread)
            replies.append([asked["type"], asked["payload"], eves.hear()["payload"]])
        assert replies[0] == replies[1]
        assert replies[0][0] == "error"
    assert len(ann.http("GET", f"/threads/{theirs}/messages").json()["messages"]) == 2


def test_a_thread_is_read_over_the_socket(honest):
    with honest.person().line() as line:
        thread = line.answer(line.ask("first"))["thread_id"]
        line.answer(line.ask("second", thread))
        line.say(type="get_thread", thread_id=thread, request_id="history")
        history = line.hear_until(lambda f: f["request_id"] == "history")
        messages = history["payload"]["messages"]
        assert [m["role"] for m in messages] == ["user", "assistant"] * 2


def test_a_cancelled_query_ends_with_agent_cancelled_and_a_cancelled_run():
    with platform("--latency", "5000:9000") as running, running.person().line() as line:
        request = line.ask("take your time")
        line.hear_until(lambda f: f["type"] == "agent_started")
        line.say(type="cancel", request_id=request)
        final = line.answer(request)
        assert final["type"] == "agent_cancelled"
        runs = running.rows("SELECT status FROM runs WHERE id = ?", final["run_id"])
        assert runs == [("cancelled",)]


def test_a_query_cancelled_in_the_same_breath_says_so_in_frames_and_rows(honest):
    with honest.person().line() as line:
        requests = [line.ask("never mind") for _ in range(5)]
        for request in requests:
            line.say(type="cancel", request_id=request)
        finals = [line.answer(request) for request in requests]
        assert {f["type"] for f in finals} == {"agent_cancelled"}
        for final in finals:
            runs = honest.rows("SELECT status FROM runs WHERE id = ?", final["run_id"])
            assert runs == [("cancelled",)]


def test_more_queries_at_once_than_allowed_are_turned_away():
    with platform("--latency", "3000:9000") as running, running.person().line() as line:
        requests = [line.ask(f"question {n}") for n in range(9)]
        assert line.answer(requests[-1])["payload"]["code"] == "rate_limited"
        if not line.of(requests[0]):
            line.hear_until(lambda f: f["request_id"] == requests[0])
        assert line.of(requests[0])[0]["type"] == "agent_started"


def test_a_request_id_that_is_in_use_is_turned_away(honest):
    with honest.person().line() as line:
        line.ask("one", request="same")
        line.ask("two", request="same")
        refused = line.hear_until(lambda f: f["type"] == "error")
        assert refused["payload"]["code"] == "duplicate_request"


def test_a_run_whose_client_is_gone_is_completed_and_stored(honest):
    ann = honest.person()
    with contextlib.suppress(OSError), ann.line() as line:
        line.ask("are you there?")
        run = line.hear_until(lambda f: f["type"] == "agent_started")["run_id"]
        drop(line)
    with ann.line() as line:  # later than the run's end, as this one takes no less time
        line.answer(line.ask("another"))
        line.answer(line.ask("and another"))
    rows = honest.rows("SELECT role FROM messages WHERE run_id = ? ORDER BY created_at", run)
    assert rows == [("user",), ("assistant",)]


def test_a_client_that_comes_back_hears_what_it_missed(honest):
    """No event twice, none missing: replayed from the last number seen, then live."""
    ann = honest.person()
    with contextlib.suppress(OSError), ann.line() as line:
        request = line.ask("will I miss this?")
        seen = line.hear_until(lambda f: f["type"] == "agent_thinking")
        session = line.heard[0]
        drop(line)
    before = line.of(request)
    with ann.line() as line:
        line.say(
            type="resume",
            session_id=session["session_id"],
            resume_token=session["resume_token"],
            last_seq=seen["seq"],
        )
        assert line.hear()["type"] == "resumed"
        final = line.answer(request)
        after = line.of(request)
    assert [f for f in kinds(before + after) if f != "agent_delta"] == FIVE
    deltas = [f["payload"]["delta"] for f in after if f["type"] == "agent_delta"]
    assert "".join(deltas) == final["payload"]["content"]


def test_a_session_resumes_only_for_its_user_and_token(honest):
    ann, eve = honest.person(), honest.person()
    with ann.line() as anns:
        session = anns.heard[0]
        with eve.line() as eves:
            eves.say(
                type="resume",
                session_id=session["session_id"],
                resume_token=session["resume_token"],
            )
            assert eves.hear()["payload"]["code"] == "not_found"
        with ann.line() as other:
            other.say(type="resume", session_id=session["session_id"], resume_token="guess")
            assert other.hear()["payload"]["code"] == "not_found"
        anns.say(type="ping")
        assert anns.hear()["type"] == "pong"


def test_the_socket_refuses_who_has_no_token(honest):
    with connect_to(honest.ws) as socket:
        assert Line(socket).hear()["payload"]["code"] == "auth_failed"


def test_an_answer_beyond_the_limit_is_a_timeout():
    options = (*FAST[:1], "5000:9000", "--agent-limit", "0.3")
    with platform(*options) as running, running.person().line() as line:
        final = line.answer(line.ask("slow?"))
        assert (final["type"], final["payload"]["code"]) == ("agent_error", "timeout")
        assert running.rows("SELECT status FROM runs") == [("timed_out",)]
