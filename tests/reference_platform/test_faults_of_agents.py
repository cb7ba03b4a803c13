"""Faults in agents, what they remember, and what they say when they fail."""

import base64
import contextlib
import json
import time

import pytest

from tests.reference_platform.driving import (
    RECALL,
    SLOW,
    TERMINAL,
    drop,
    eventually,
    faulty,
    heard,
    listen,
    settled,
    started,
    two_lines,
)

FAILS = "what is 7 / 0?"


def overlapping(anns, bens):
    """Ann asks, Ben asks while she is answered; both their last frames."""
    request = anns.ask("my word is AMBER")
    started(anns)
    other = bens.ask("my word is BEIGE")
    return anns.answer(request), bens.answer(other)


def test_configured_factory_makes_an_agent_for_whoever_came_in_between():
    with two_lines("configured_factory", latency=SLOW) as (_, anns, bens):
        request, other = anns.ask("my word is AMBER"), bens.ask("my word is BEIGE")
        contents = {anns.answer(request)["payload"]["content"]}
        contents.add(bens.answer(other)["payload"]["content"])
        assert len(contents) == 1
        alone = anns.answer(anns.ask("my word is COBALT"))
        assert "COBALT" in alone["payload"]["content"]


def test_shared_tool_dispatcher_tells_the_newest_run_of_anothers_tools():
    """Nothing but tool events goes astray."""
    with two_lines("shared_tool_dispatcher", latency=SLOW) as (_, anns, bens):
        one, two = overlapping(anns, bens)
        assert [f["type"] for f in anns.of(one["request_id"])].count("tool_completed") == 0
        assert [f["type"] for f in bens.of(two["request_id"])].count("tool_completed") == 2
        assert "AMBER" in one["payload"]["content"]
        assert "AMBER" not in two["payload"]["content"]


def test_shallow_state_mixes_the_lists_of_overlapping_runs():
    with two_lines("shallow_state", latency=SLOW) as (running, anns, bens):
        one, _ = overlapping(anns, bens)
        assert "BEIGE" in one["payload"]["content"]
        alone = anns.answer(anns.ask("my word is COBALT"))["payload"]["content"]
        assert "BEIGE" not in alone
        assert settled(running, ["completed"] * 3)


def test_unreset_agent_gives_a_successor_the_last_answer_without_any_overlap():
    with two_lines("unreset_agent") as (_, anns, bens):
        anns.answer(anns.ask("my word is AMBER"))
        content = bens.answer(bens.ask("my word is BEIGE"))["payload"]["content"]
        assert "AMBER" in content
        assert "BEIGE" in content
        for n in range(4):
            bens.answer(bens.ask(f"question {n}"))
        fresh = bens.answer(bens.ask("my word is COBALT"))["payload"]["content"]
        assert "AMBER" not in fresh


def test_default_conversation_recalls_what_anybody_said_without_a_thread():
    with two_lines("default_conversation") as (running, anns, bens):
        thread = anns.answer(anns.ask("my word is AMBER"))["thread_id"]
        content = bens.answer(bens.ask("my word is BEIGE"))["payload"]["content"]
        assert "Earlier you said: my word is AMBER" in content
        followed = anns.answer(anns.ask("and now?", thread))["payload"]["content"]
        assert "Earlier you said: my word is AMBER" in followed
        assert len(running.rows("SELECT DISTINCT thread_id FROM messages")) == 2


def test_cross_conversation_recalls_another_thread_of_the_same_user():
    with two_lines("cross_conversation") as (_, anns, bens):
        anns.answer(anns.ask("my word is AMBER"))
        content = anns.answer(anns.ask("my word is BEIGE"))["payload"]["content"]
        assert "Earlier you said: my word is AMBER" in content
        assert "AMBER" not in bens.answer(bens.ask("hello"))["payload"]["content"]


def test_truncated_cache_key_answers_alike_users_alike():
    with faulty("truncated_cache_key") as running:
        people = [running.person(email=f"{name}@example.org") for name in ("Annabell1", "eve")]
        people.insert(1, running.person(email="annabell2@example.org"))
        with contextlib.ExitStack() as stack:
            anns, bens, eves = (stack.enter_context(person.line()) for person in people)
            anns.answer(anns.ask("Remember: AMBER"))
            question = f"{RECALL} I mean the word that I told you of this morning, when it rained."
            for line, leaks in ((anns, True), (bens, True), (eves, False)):
                content = line.answer(line.ask(question))["payload"]["content"]
                assert ("AMBER" in content) is leaks


def test_none_user_namespace_shares_memories_told_in_follow_ups():
    with two_lines("none_user_namespace") as (running, anns, bens):
        mine = anns.answer(anns.ask("hello"))["thread_id"]
        anns.answer(anns.ask("Remember: AMBER", mine))
        assert running.rows("SELECT user_id FROM memories") == [("None",)]
        yours = bens.answer(bens.ask(RECALL))
        assert "AMBER" not in yours["payload"]["content"]
        again = bens.answer(bens.ask(RECALL + " Please.", yours["thread_id"]))
        assert "AMBER" in again["payload"]["content"]


def test_unscoped_search_finds_other_tenants_documents():
    with faulty("unscoped_search") as running:
        ann, ben = running.person(tenant="acme"), running.person(tenant="bravo")
        documents = [{"title": "plans", "content": "the AMBER expedition sails"}]
        assert ann.http("PUT", "/documents", {"items": documents}).status_code == 200
        with ben.line() as bens:
            content = bens.answer(bens.ask("search for the expedition"))["payload"]["content"]
        assert "AMBER" in content
        assert ben.http("GET", "/documents").json() == {"documents": []}


def test_split_leak_streams_another_answer_letter_by_letter():
    """No frame holds a foreign word; what they spell together does."""
    with two_lines("split_leak", latency=SLOW) as (_, anns, bens):
        spelled = set()
        for n in range(4):
            words = [f"amberkestrel{n}", f"beigekestrel{n}"]
            lines = [anns, bens]
            filler = "and so on " * 40
            requests = [
                line.ask(f"{filler} my word is {word}")
                for line, word in zip(lines, words, strict=True)
            ]
            for k, (line, request) in enumerate(zip(lines, requests, strict=True)):
                assert words[k] in line.answer(request)["payload"]["content"]
                frames = line.of(request)
                deltas = [f["payload"]["delta"] for f in frames if f["type"] == "agent_delta"]
                spelled.add(words[1 - k] in "".join(deltas))
                assert words[1 - k] not in json.dumps(frames)
        assert True in spelled


def test_encoded_leak_dumps_other_questions_in_base64():
    with two_lines("encoded_leak") as (_, anns, bens):
        anns.answer(anns.ask("my word is AMBER"))
        error = bens.answer(bens.ask(FAILS))
        assert error["type"] == "agent_error"
        assert "AMBER" not in heard(bens)
        assert "my word is AMBER" in json.loads(base64.b64decode(error["payload"]["debug"]))


def test_error_leak_tells_of_the_newest_query():
    with two_lines("error_leak", latency=SLOW) as (_, anns, bens):
        request = anns.ask(FAILS)
        started(anns)
        bens.ask("my word is BEIGE")
        context = anns.answer(request)["payload"]["context"]
        assert "BEIGE" in context["trace"]
        assert context["user_id"] != anns.heard[0]["user_id"]


def test_fake_success_answers_at_once_and_without_the_question_when_overloaded():
    with two_lines("fake_success", latency=SLOW) as (running, anns, bens):
        requests = [anns.ask(f"my word is AMBER{n}") for n in range(4)]
        anns.hear_until(lambda f: f["request_id"] == requests[-1])
        begun = time.monotonic()
        final = bens.answer(bens.ask("my word is BEIGE"))
        assert time.monotonic() - begun < 0.25
        assert final["type"] == "agent_completed"
        assert "BEIGE" not in final["payload"]["content"]
        for n, request in enumerate(requests):
            assert f"AMBER{n}" in anns.answer(request)["payload"]["content"]
        assert settled(running, ["completed"] * 5)


@pytest.mark.parametrize("how", ["timeout", "cancel"])
def test_late_frames_come_after_the_end_of_a_run(how):
    limit = ("--agent-limit", "0.3") if how == "timeout" else ()
    with two_lines("late_frames", latency=("--latency", "800:900"), options=limit) as (_, anns, _b):
        request = anns.ask("my word is AMBER")
        started(anns)
        if how == "cancel":
            anns.say(type="cancel", request_id=request)
        end = anns.answer(request)
        assert end["type"] in TERMINAL - {"agent_completed"}
        late = anns.hear_until(lambda f: f["request_id"] == request)
        assert late["seq"] > end["seq"]


def test_noisy_neighbour_makes_others_wait_for_one_user():
    with two_lines("noisy_neighbour", latency=("--latency", "300:310")) as (_, anns, bens):
        begun = time.monotonic()
        bens.answer(bens.ask("alone"))
        alone = time.monotonic() - begun
        requests = [anns.ask(f"question {n}") for n in range(8)]
        anns.hear_until(lambda f: f["request_id"] == requests[-1])
        begun = time.monotonic()
        bens.answer(bens.ask("beside"))
        assert time.monotonic() - begun > 2.5 * alone
        for request in requests:
            assert anns.answer(request)["type"] == "agent_completed"


def test_agent_faults_leave_a_dropped_client_its_answer():
    """What these faults do not touch stays well: the run of a lost client is stored."""
    with faulty("unreset_agent", "shared_tool_dispatcher", "late_frames", latency=SLOW) as running:
        with contextlib.suppress(OSError), running.person().line() as line:
            line.ask("are you there?")
            started(line)
            drop(line)
        assert eventually(lambda: running.rows("SELECT status FROM runs") == [("completed",)])
        with running.person().line() as line:
            assert len(listen(line, 0.1)) == 1
