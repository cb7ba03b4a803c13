import pytest

from isolation_checks.dialects.correlate import our_query
from isolation_checks.errors import UsageError
from isolation_checks.plan import holes, read

BASE = """
[target]
websocket = "ws://127.0.0.1:1/socket.io/"
[auth]
source = "mint"
secret = "env:KEY"
carry = { message = { token = "{token}" } }
[dialect]
framing = "socket.io"
where = { query = ["data.id"] }
ends = { answer = "ok" }
"""
ASK = {"event": "ask", "data": {"id": "{query}", "text": "{text}"}}


def plan(**dialect):
    return read.parse(BASE, "a plan", {"dialect": {"ask": ASK} | dialect})


@pytest.mark.parametrize(
    ("dialect", "said"),
    [
        ({"framing": "json", "namespace": "/a"}, "write framing = 'socket.io' beside it"),
        ({"framing": "socketio"}, "did you mean 'socket.io'?"),
        ({"namespace": "a"}, "dialect.namespace begins with /"),
        ({"namespace": "/a,b"}, "has no comma"),
        ({"class": "a:B"}, "dialect.class reads frames itself"),
        ({"ask": {"type": "ask", "text": "{text}"}}, "dialect.ask: a message of Socket.IO's is"),
        ({"ask": ["ask", "{text}"]}, "dialect.ask: a message of Socket.IO's is"),
        ({"ask": ASK | {"event": ""}}, "is an event's name"),
        ({"ask": ASK | {"args": []}}, "or args"),
        ({"ask": {"event": "ask", "args": "{text}"}}, "args is a list"),
        ({"ask": ASK | {"event": "connect"}}, "the protocol keeps the name 'connect'"),
        ({"ask": ASK | {"ack": "{query}"}}, "write ack = '{query_number}'"),
        ({"ask": ASK | {"ack": True}}, "ack is a number"),
        ({"ask_next": {"text": "{text}"}}, "dialect.ask_next: a message"),
        ({"cancel": {"id": "{query}"}}, "dialect.cancel: a message"),
        ({"alive": {"every": "1s", "send": {"type": "ping"}}}, "dialect.alive: a message"),
        ({"read_conversation": [{"id": "{conversation}"}]}, "dialect.read_conversation: a"),
        (
            {"answers": [{"when": "which?", "send": {"event": "ack", "data": "this"}}]},
            "an acknowledgement needs the number",
        ),
        ({"resume": {"session": ["a"], "message": {"id": "{session}"}}}, "dialect.resume.message"),
    ],
)
def test_a_plan_that_no_packet_can_say_is_refused(dialect, said):
    """By one sentence that says what would be right."""
    with pytest.raises(UsageError) as refused:
        plan(**dialect)
    assert said in str(refused.value)


def test_what_can_be_said_is_said():
    """Several things sent along, numbers, and answers to what the platform wants to know."""
    described = plan(
        namespace="/a",
        ask=ASK | {"ack": "{query_number}"},
        ask_next={"event": "more", "args": ["{text}", {"id": "{query}"}]},
        answers=[{"when": "which?", "send": {"event": "ack", "ack": "{frame.ack}"}}],
        cancel={"event": "stop"},
        renew={"event": "ack", "ack": 1},
    ).dialect
    assert holes.numbers_queries(described)
    assert holes.asks(described, "query")
    assert not holes.numbers_queries(plan().dialect)


def test_a_number_that_names_a_query_is_exact_everywhere_and_nobodys_by_chance():
    """JavaScript counts to 2**53; what a platform counts by itself begins at 1."""
    for number in (0, 1, 2**52, 2**128 - 1):
        assert 2**52 <= int(our_query(number, numbered=True)) < 2**53
    assert 36 == len(our_query(2**127, numbered=False))
    assert our_query(7, numbered=True) != our_query(8, numbered=True)
