import dataclasses

import msgspec
import orjson
import pytest

from isolation_checks.dialects.events import EventDialect, dialect_of
from isolation_checks.dialects.reading import Ask, Reading
from isolation_checks.errors import UsageError
from isolation_checks.plan import read
from isolation_checks.plan.tables.dialect import Dialect, Kind, Where

PLAN = """
dialect = "{}"
[target]
websocket = "ws://127.0.0.1:1"
[auth]
source = "file"
path = "tokens.txt"
carry = {{ headers = {{ Authorization = "{{token}}" }} }}
"""


def preset(name):
    """A preset's dialect, as a plan would get it."""
    return dialect_of(read.parse(PLAN.format(name), "a plan").dialect)


def question(turn=0, conversation=None):
    return Ask(
        query="q1",
        text="hello",
        conversation=conversation,
        turn=turn,
        subject="u-1",
        token="t",
        now_s=1.5,
    )


@pytest.mark.parametrize(
    ("name", "frame", "expected"),
    [
        (
            "netra-a",
            {"type": "system_message", "data": {"event": "connection_established", "user_id": "u"}},
            Reading(kind="connection_established", user="u"),
        ),
        (
            "netra-a",
            {"type": "agent_started", "user_context": {"run_id": "r", "thread_id": "t"}},
            Reading(kind="agent_started", run="r", conversation="t"),
        ),
        (
            "netra-a",
            {
                "type": "agent_completed",
                "payload": {"results": {"a": "x", "b": ["y", {"c": "z"}]}},
                "timestamp": "2025-09-09T12:00:00Z",
            },
            Reading(kind="agent_completed", text="x y z", ending="ok"),
        ),
        (
            "netra-c",
            {"type": "handshake_response", "run_id": "r", "session_token": "s" * 30},
            Reading(kind="handshake_response", query="r", run="r", secrets=("s" * 30,)),
        ),
        (
            "plain",
            {"type": "agent_thinking", "request_id": "q1", "payload": {"delta": "he"}},
            Reading(kind="agent_thinking", query="q1", text="he", delta=True),
        ),
        ("plain", ["no object"], Reading()),
    ],
)
def test_presets_read_their_platforms_messages(name, frame, expected):
    """Each where that platform's emitters put it."""
    assert expected == preset(name).read(orjson.dumps(frame))


def test_a_follow_up_may_look_different():
    """And what is not known is left out."""
    first, second = (
        orjson.loads(preset("netra-a").ask(question(turn, thread)))
        for turn, thread in ((0, None), (1, "t-1"))
    )
    assert ("start_agent", "user_message") == (first["type"], second["type"])
    assert "thread_id" not in first["payload"]
    assert "t-1" == second["payload"]["thread_id"]


def test_a_platform_that_counts_is_asked_by_number():
    """Its id is the query's own, as a number; it comes back as text, however it is written."""
    described = {
        "ask": {"id": "{query_number}", "text": "{text}"},
        "cancel": {"stop": "{query_number}"},
        "where": {"query": ["id"]},
        "ends": {"done": "ok"},
    }
    dialect = dialect_of(msgspec.convert(described, Dialect))
    number = "4503599627370497"
    asked = dialect.ask(dataclasses.replace(question(), query=number))
    assert {"id": int(number), "text": "hello"} == orjson.loads(asked)
    assert b'{"stop":%s}' % number.encode() == dialect.cancel({"query": number})
    for said in (number, f'"{number}"'):
        assert number == dialect.read(b'{"type":"done","id":%s}' % said.encode()).query


def test_a_message_may_be_an_array():
    """What is sent and what is read; an unknown conversation keeps its place."""
    where = Where(type=("3",), query=("1",), conversation=("2",), text=("4.said.*",))
    kinds = (Kind(name="reply", has="4.status", equals="ok"),)
    ask = [None, "{query}", "{conversation}", "ask", {"text": "{text}"}]
    dialect = EventDialect(Dialect(ask=ask, where=where, kinds=kinds, ends={"done": "ok"}))
    assert [None, "q1", None, "ask", {"text": "hello"}] == orjson.loads(dialect.ask(question()))
    done = Reading(kind="done", query="q1", conversation="c", text="a b", ending="ok")
    frame = b'["1","q1","c","done",{"said":["a","b"]}]'
    assert done == dialect.read(frame)
    assert msgspec.structs.replace(done, text=None) == msgspec.structs.replace(
        dialect.glance(frame), text=None
    )
    assert "reply" == dialect.read(b'[null,null,"c","x",{"status":"ok"}]').kind
    assert Reading() == dialect.read(b"[[1]]")


def test_a_handshake_is_answered_from_what_was_received():
    """Wherever its ids stood."""
    dialect = preset("netra-c")
    frame = orjson.dumps(
        {"type": "handshake_response", "data": {"thread_id": "t", "session_token": "s"}}
    )
    answer = dialect.answer(dialect.read(frame), frame, {})
    assert answer is not None
    assert {"type": "handshake_acknowledged", "thread_id": "t", "session_token": "s"} == (
        orjson.loads(answer)
    )


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        ({"run": {"status": "completed"}, "event": "run.updated"}, "completed"),
        ({"run": {"status": "running"}, "event": "run.updated"}, "run.updated"),
        ({"ok": True}, "welcome"),
        ({"ok": False}, None),
        ({"result": {"any": "thing"}}, "answer"),
        ({"result": ""}, "answer"),
        ({"result": None}, None),
    ],
)
def test_a_kind_is_told_by_what_an_event_holds(frame, kind):
    """Before its type is looked at."""
    described = Dialect(
        where=Where(type=("event",)),
        kinds=(
            Kind(name="completed", has="run.status", equals="completed"),
            Kind(name="welcome", has="ok", equals="true"),
            Kind(name="answer", has="result"),
        ),
    )
    assert kind == EventDialect(described).read(orjson.dumps(frame)).kind


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("no.such.module:Dialect", "ModuleNotFoundError"),
        ("isolation_checks.errors:Nothing", "AttributeError"),
        ("isolation_checks.errors", "write it like"),
        ("isolation_checks.plan.tables.objectives:Isolation", "TypeError"),
        ("builtins:dict", "cannot be loaded"),
        ("builtins:id", "is no dialect: it lacks opens"),
    ],
)
def test_a_class_that_is_no_dialect_is_the_plans_mistake(named, said):
    with pytest.raises(UsageError, match=said):
        dialect_of(Dialect(class_=named))


def test_what_proves_that_a_session_is_ones_own_is_a_secret():
    """Wherever a plan says that it stands; the screen must know it before it is written."""
    resume = {"session": ["id"], "ticket": ["proof"], "message": {"id": "{session}"}}
    described = {"ask": {"q": "{text}"}, "ends": {"done": "ok"}, "resume": resume}
    dialect = dialect_of(msgspec.convert(described, Dialect))
    for looked in (dialect.read, dialect.glance):
        assert ("p" * 30,) == looked(orjson.dumps({"type": "hello", "proof": "p" * 30})).secrets


def test_who_reads_otherwise_looks_otherwise():
    """A class that goes further than the plan's own is asked while the drive runs, too."""

    class Shouting(EventDialect):
        def read(self, frame):
            return super().read(frame.upper())

    described = msgspec.convert({"ask": {"q": "{text}"}, "ends": {"DONE": "ok"}}, Dialect)
    frame = b'{"TYPE": "x", "type": "done"}'
    plain = {"where": {"type": ["TYPE"]}}
    described = msgspec.convert(msgspec.to_builtins(described) | plain, Dialect)
    for looked in (Shouting(described).read, Shouting(described).glance):
        assert "DONE" == looked(frame).kind
    assert "x" == EventDialect(described).glance(frame).kind
