import time

from reference_platform.agent.model import Model
from reference_platform.faults import Faults
from reference_platform.settings import Latency

RECALL = "What did I tell you to remember?"


def test_a_memory_is_acknowledged_and_recalled_in_another_thread(honest):
    with honest.person().line() as line:
        said = line.answer(line.ask("Remember: the key is under the mat"))
        assert "I will remember: the key is under the mat" in said["payload"]["content"]
        recalled = line.answer(line.ask(RECALL.upper()))
        assert "the key is under the mat" in recalled["payload"]["content"]
        assert recalled["thread_id"] != said["thread_id"]


def test_nobody_recalls_what_another_said(honest):
    with honest.person().line() as anns, honest.person().line() as bens:
        anns.answer(anns.ask("Remember: the key is under the mat"))
        content = bens.answer(bens.ask(RECALL))["payload"]["content"]
        assert "under the mat" not in content
        assert "nothing yet" in content


def test_the_question_before_is_quoted_within_its_thread_only(honest):
    with honest.person().line() as line:
        thread = line.answer(line.ask("I live in Port Kellsworth"))["thread_id"]
        same = line.answer(line.ask("Where was that?", thread))["payload"]["content"]
        other = line.answer(line.ask("Where was that?"))["payload"]["content"]
        assert "Earlier you said: I live in Port Kellsworth" in same
        assert "Port Kellsworth" not in other


def test_orders_are_looked_up_per_user(honest):
    ann, ben = honest.person(), honest.person()
    for person, code in ((ann, "AN-1"), (ben, "BE-1")):
        items = [{"code": code, "description": f"a lamp for {code}"}]
        assert person.http("PUT", "/orders", {"items": items}).status_code == 200
    with ann.line() as line:
        request = line.ask("Where are my order AN-1 and order BE-1?")
        line.answer(request)
        tools = {f["type"]: f["payload"] for f in line.of(request) if "tool" in f["type"]}
    assert tools["tool_executing"]["tool"] == "order_lookup"
    assert [o["code"] for o in tools["tool_completed"]["result"]["orders"]] == ["AN-1"]


def test_documents_are_searched_within_the_tenant(honest):
    """A mate's document is found, a stranger's is not."""
    ann, mate = honest.person(tenant="lamps"), honest.person(tenant="lamps")
    eve = honest.person()
    items = [{"title": "Handbook", "content": "Lighthouses keep their lamps lit."}]
    assert ann.http("PUT", "/documents", {"items": items}).status_code == 200
    for person, found in ((mate, True), (eve, False)):
        with person.line() as line:
            question = "Search the document about lighthouses"
            content = line.answer(line.ask(question))["payload"]["content"]
            assert ("lamps lit" in content) is found


def test_a_failing_tool_fails_the_run(honest):
    with honest.person().line() as line:
        final = line.answer(line.ask("What is 7 / 0?"))
        assert (final["type"], final["payload"]["code"]) == ("agent_error", "tool_failed")
        rows = honest.rows("SELECT status FROM runs WHERE id = ?", final["run_id"])
        assert rows == [("failed",)]


def test_a_repeated_question_is_answered_from_the_cache_until_something_changes(honest):
    """Faster, with all events; a new memory makes the old answer stale."""
    ann = honest.person()
    with ann.line() as line:
        thread = line.answer(line.ask("Remember: blue"))["thread_id"]
        line.answer(line.ask(RECALL, thread))
        started = time.monotonic()
        request = line.ask(RECALL, thread)
        line.answer(request)
        again_s = time.monotonic() - started
        assert again_s < 0.1
        assert {"tool_executing", "tool_completed"} <= {f["type"] for f in line.of(request)}
        line.answer(line.ask("Remember: green", thread))
        fresh = line.answer(line.ask(RECALL, thread))["payload"]["content"]
        assert "green; blue" in fresh


def test_the_rows_of_a_query_say_what_its_frames_said(honest):
    ann = honest.person()
    with ann.line() as line:
        final = line.answer(line.ask("How many?", request="a-request"))
    run, thread = final["run_id"], final["thread_id"]
    content = final["payload"]["content"]
    assert honest.rows(
        "SELECT user_id, thread_id, request_id, role, content FROM messages WHERE run_id = ? "
        "ORDER BY created_at",
        run,
    ) == [
        (ann.id, thread, "a-request", "user", "How many?"),
        (ann.id, thread, "a-request", "assistant", content),
    ]
    assert honest.rows("SELECT user_id, thread_id, status FROM runs WHERE id = ?", run) == [
        (ann.id, thread, "completed")
    ]
    assert honest.rows("SELECT user_id, tool FROM tool_calls WHERE run_id = ?", run) == [
        (ann.id, "calculator")
    ]
    assert honest.rows("SELECT user_id FROM threads WHERE id = ?", thread) == [(ann.id,)]


def test_who_asks_to_think_at_length_waits_four_times_as_long():
    plain, long = (Model(Latency(), Faults({}, ""), "one seed") for _ in range(2))
    asked = "Please think it over at length. My code is CT7."
    assert 4 * plain.pace("Please think it over.").planning_s == long.pace(asked).planning_s
