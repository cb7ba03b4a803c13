"""Faults in what is written down."""

import contextlib

import pytest

from tests.reference_platform.driving import SLOW, eventually, faulty, settled, started

FAILS = "what is 7 / 0?"


def test_ambient_context_lost_leaves_rows_to_nobody_when_it_is_busy():
    with faulty("ambient_context_lost", latency=SLOW) as running:
        ann = running.person()
        with ann.line() as line:
            line.answer(line.ask("alone"))
            owners = "SELECT DISTINCT user_id FROM messages WHERE role = 'assistant'"
            assert running.rows(owners) == [(ann.id,)]
            for request in [line.ask(f"question {n}") for n in range(6)]:
                assert "question" in line.answer(request)["payload"]["content"]
            assert {f["user_id"] for f in line.heard} == {ann.id}
        assert sorted(running.rows(owners)) == sorted([(ann.id,), ("system",)])


def test_shared_transaction_rolls_back_what_others_wrote():
    with faulty("shared_transaction", latency=SLOW) as running:
        ann, ben = running.person(), running.person()
        with ann.line() as anns, ben.line() as bens:
            request = anns.ask("my word is AMBER")
            started(anns)
            other = bens.ask("to be cancelled")
            started(bens)
            bens.say(type="cancel", request_id=other)
            assert bens.answer(other)["type"] == "agent_cancelled"
            assert anns.answer(request)["type"] == "agent_completed"
        stored = running.rows("SELECT role FROM messages WHERE user_id = ?", ann.id)
        assert stored == [("assistant",)]
        assert running.rows("SELECT id FROM runs") == []


def test_shared_transaction_is_well_when_nothing_overlaps():
    with faulty("shared_transaction") as running, running.person().line() as line:
        for n in range(3):
            line.answer(line.ask(f"question {n}"))
        assert settled(running, ["completed"] * 3)
        assert len(running.rows("SELECT id FROM messages")) == 6


@pytest.mark.parametrize("how", ["failure", "cancel"])
def test_half_written_run_stores_an_answer_to_a_run_that_failed(how):
    with faulty("half_written_run", latency=SLOW) as running, running.person().line() as line:
        request = line.ask(FAILS if how == "failure" else "to be cancelled")
        if how == "cancel":
            line.hear_until(lambda f: f["type"] == "tool_completed")
            line.say(type="cancel", request_id=request)
        assert line.answer(request)["type"] in {"agent_error", "agent_cancelled"}
        assert settled(running, ["failed" if how == "failure" else "cancelled"])
        stored = running.rows("SELECT content FROM messages WHERE role = 'assistant'")
        assert [content.startswith("You asked:") for (content,) in stored] == [True]
        line.answer(line.ask("anything"))
        assert len(running.rows("SELECT id FROM messages")) == 4


def test_double_write_stores_an_answer_twice():
    with faulty("double_write=1") as running, running.person().line() as line:
        line.answer(line.ask("anything"))
        assert settled(running, ["completed"])
        contents = running.rows("SELECT content FROM messages WHERE role = 'assistant'")
        assert len(contents) == 2
        assert contents[0] == contents[1]
        assert len(running.rows("SELECT id FROM tool_calls")) == 2


def notices(running):
    return sorted(
        running.rows(
            "SELECT n.user_id, n.recipient = u.email, n.content FROM notifications n "
            "JOIN users u ON u.id = n.user_id"
        )
    )


@pytest.mark.parametrize("fault", [True, False])
def test_side_effect_misdelivery_addresses_a_notice_to_the_newest_user(fault):
    """Without the fault everybody is told of their own answers."""
    faults = ["side_effect_misdelivery"] if fault else []
    with faulty(*faults, latency=SLOW) as running:
        ann, ben = running.person(), running.person()
        with ann.line() as anns, ben.line() as bens:
            one = anns.ask("my word is AMBER")
            started(anns)
            two = bens.ask("my word is BEIGE")
            said = {p.id: p for p in (ann, ben)}
            contents = {
                ann.id: anns.answer(one)["payload"]["content"],
                ben.id: bens.answer(two)["payload"]["content"],
            }
        addressee = {ann.id: ben.id if fault else ann.id, ben.id: ben.id}
        assert notices(running) == sorted((addressee[i], 1, contents[i]) for i in said)


def test_an_account_takes_its_notices_with_it(honest):
    ann = honest.person()
    with ann.line() as line:
        thread = line.answer(line.ask("one"))["thread_id"]
        line.answer(line.ask("two"))
    count = "SELECT COUNT(*) FROM notifications WHERE user_id = ?"
    assert honest.rows(count, ann.id) == [(2,)]
    assert ann.http("DELETE", f"/threads/{thread}").status_code == 204
    assert honest.rows(count, ann.id) == [(1,)]
    assert ann.http("DELETE", "/users/me").status_code == 204
    assert honest.rows(count, ann.id) == [(0,)]


def test_row_faults_can_be_combined():
    names = ("shared_transaction", "half_written_run", "double_write=1", "lost_row=0.2")
    with faulty(*names, latency=SLOW) as running, contextlib.ExitStack() as stack:
        lines = [stack.enter_context(running.person().line()) for _ in range(3)]
        requests = [line.ask(FAILS if n == 1 else "hello") for n, line in enumerate(lines)]
        ends = [line.answer(r)["type"] for line, r in zip(lines, requests, strict=True)]
        assert ends == ["agent_completed", "agent_error", "agent_completed"]
        assert eventually(lambda: len(running.rows("SELECT id FROM messages")) > 0)
