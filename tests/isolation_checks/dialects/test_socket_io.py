import json

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio import packet as theirs

from isolation_checks.dialects.correlate import Correlator
from isolation_checks.dialects.events import dialect_of
from isolation_checks.dialects.framing import framing_of, said
from isolation_checks.dialects.reading import OF_THE_FRAMING, Ask, Reading
from isolation_checks.dialects.socket_io import SocketIo
from isolation_checks.plan.framed import with_its_own
from isolation_checks.plan.tables.dialect import Dialect
from isolation_checks.records import ConversationLabel, Opcode, QueryId

MINIMAL = {
    "framing": "socket.io",
    "ask": {"event": "ask", "data": {"id": "{query}", "text": "{text}"}},
    "where": {"query": ["data.id", "ack"], "text": ["data.text"], "delta": ["data.piece"]},
    "ends": {"answer": "ok", "ack": "ok"},
}
ROOM = SocketIo("/room")
PLAIN = SocketIo()


def described(**over):
    return msgspec.convert(with_its_own(MINIMAL | over), Dialect)


def asked(dialect, query="q1"):
    """The packet of a question."""
    return dialect.ask(
        Ask(query=query, text="hi", conversation=None, turn=0, subject="u", token="t", now_s=0)
    )


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (
            b'42["answer",{"id":"q1","text":"well"}]',
            Reading(kind="answer", query="q1", text="well", ending="ok"),
        ),
        (
            b'42["answer",{"id":"q1","piece":"we"},"more"]',
            Reading(kind="answer", query="q1", text="we", delta=True, ending="ok"),
        ),
        (b'4217["which?",{}]', Reading(kind="which?", query="17")),
        (b'4317[{"text":"done"}]', Reading(kind="ack", query="17", text="done", ending="ok")),
        (b"4317[]", Reading(kind="ack", query="17", ending="ok")),
        (b"42[7]", Reading(kind="7")),
        (b'42 ["spaced" , {"id":"q1"}]', Reading(kind="spaced", query="q1")),
        (
            b'451-["shot",{"id":"q1","png":{"_placeholder":true,"num":0}}]',
            Reading(kind="shot", query="q1"),
        ),
        (
            b'462-17[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
            Reading(kind="ack", query="17", ending="ok"),
        ),
        (b'42["answer",{"id":"q1","text":"half \xed\xa0\xbd"}]', None),
        (b'42["answer",{"id":"q1","much":NaN}]', Reading(kind="answer", query="q1", ending="ok")),
    ],
)
def test_an_event_is_a_message(frame, expected):
    """Its name, what was sent along, and the number by which it is acknowledged."""
    dialect = dialect_of(described())
    reading = dialect.read(frame)
    if expected is None:  # half of a character is forgiven, and what stands around it read
        expected = Reading(kind="answer", query="q1", text=reading.text, ending="ok")
        assert reading.text.startswith("half ")
    assert expected == reading
    seen = dialect.glance(frame)
    assert (expected.kind, expected.query, expected.ending) == (seen.kind, seen.query, seen.ending)


@pytest.mark.parametrize("frame", [b"2", b"3", b"2probe", b"3probe", b"1", b"5", b"6"])
def test_heartbeats_are_part_of_no_answer(frame):
    """Not even of the only query that is open, which an event without an id would be."""
    dialect = dialect_of(described())
    correlator = Correlator()
    correlator.asked(QueryId("q1"), ConversationLabel("a/0"), None)
    for looked in (dialect.read, dialect.glance):
        assert OF_THE_FRAMING == looked(frame)
        assert (None, None) == correlator.place(looked(frame))
    assert "q1" == correlator.place(dialect.read(b'42["typing"]'))[0]


@pytest.mark.parametrize(
    ("frame", "kind", "secrets"),
    [
        (b'0{"sid":"an-engine-id-of-20..","pingInterval":25000}', None, ("an-engine-id-of-20..",)),
        (b'40{"sid":"s1"}', "connect", ()),
        (b'40{"sid":"s1","pid":"recovers-a-session"}', "connect", ("recovers-a-session",)),
        (b"40", "connect", ()),
        (b"41", "disconnect", ()),
        (b'44{"message":"no"}', "connect_error", ()),
    ],
)
def test_what_the_protocol_says_lets_in_and_turns_away(frame, kind, secrets):
    """It is told by name, answers nothing, and what lets others speak as this client is secret."""
    expected = Reading(kind=kind, control=True, secrets=secrets)
    dialect = dialect_of(described())
    assert expected == dialect.read(frame) == dialect.glance(frame)
    assert {"connect"} == dialect.opens
    assert {"connect_error", "disconnect"} == dialect.refuses


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"4",
        b"0",
        b"0[]",
        b"2024 was a year",
        b"10",
        b"7",
        b"47",
        b"hello",
        b"\xff\x00",
        b'{"event":"answer"}',
        b"42",
        b"42[]",
        b"42{}",
        b'42["broken',
        b'42"answer"',
        b'42[{"event":"answer"}]',
        b'42["connect",{"sid":"s"}]',
        b'42["disconn\\u0065ct"]',
        b"43[]",
        b'4317{"a":1}',
        b"42" + b"9" * 101 + b'["answer"]',
        b"44{",
        b'45["no count"]',
        b'45x-["no count"]',
        b'42/elsewhere,["answer",{}]',
        b"40/elsewhere",
    ],
)
def test_rubbish_is_said_to_be(frame):
    """No frame that cannot be read passes for silence, nor for a heartbeat."""
    dialect = dialect_of(described())
    for looked in (dialect.read, dialect.glance):
        reading = looked(frame)
        assert reading.unreadable
        assert Reading(unreadable=reading.unreadable) == reading
    assert PLAIN.message(frame) is None
    assert PLAIN.reply(frame, b"40") is None
    assert PLAIN.over(frame) is None


@given(st.binary() | st.from_regex(rb"\A[0-6]{1,2}.*", fullmatch=True))
def test_no_frame_is_too_strange_to_say_so(frame):
    """Whatever comes is read, or said to be unreadable; nothing raises in the hub."""
    dialect = dialect_of(described())
    one, other = dialect.read(frame), dialect.glance(frame)
    assert (one.kind, one.query, one.control, one.unreadable, one.secrets) == (
        *(other.kind, other.query, other.control, other.unreadable, other.secrets),
    )
    PLAIN.reply(frame, b"40")
    PLAIN.over(frame)
    assert (PLAIN.message(frame) is None) == (one.unreadable is not None or one == OF_THE_FRAMING)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(
    st.text(min_size=1).filter(lambda name: name not in {"connect", "disconnect", "connect_error"}),
    st.lists(VALUES, max_size=3),
    st.none() | st.integers(0, 2**53),
    st.sampled_from(["/", "/room"]),
)
def test_packets_are_what_python_socketio_says_they_are(name, arguments, number, namespace):
    """Both ways: its packets are read as they were meant, and ours say the same to it."""
    kind, sent = (
        (theirs.ACK, arguments)
        if name == "ack" and number is not None
        else (theirs.EVENT, [name, *arguments])
    )
    packet = theirs.Packet(kind, sent, namespace, number).encode()
    framing = SocketIo(namespace)
    message = framing.message(b"4" + packet.encode())
    assert (name, arguments, number) == (message["event"], message["args"], message.get("ack"))
    assert arguments[:1] == ([message["data"]] if "data" in message else [])
    again = theirs.Packet(encoded_packet=framing.sealed(message).decode()[1:])
    assert (kind, sent, number) == (again.packet_type, again.data, again.id)
    assert namespace == (again.namespace or "/")


def test_what_a_server_of_nodes_says_is_read():
    """Recorded from socket.io 4 with the recovery of connections, which adds an offset."""
    said = [
        b'40/room,{"sid":"8wX71vWK5Nw_Y-9uAAAA","pid":"Wn0GTPYhfSwXsDkPAAAB"}',
        b'42/room,["token",{"id":"q1","piece":"He"},"Q86mVwW"]',
        b'451-/room,["shot",{"id":"q1","png":{"_placeholder":true,"num":0}},"Q86mVwW.0"]',
        b'42/room,0["which?",{"of":"them"}]',
        b'43/room,4503599627370497[{"text":"done"}]',
        b'44/room,{"message":"token ran out","data":{"code":7}}',
        b"41/room,",
    ]
    dialect = dialect_of(described(namespace="/room"))
    assert [
        ("connect", None, None),
        ("token", "q1", "He"),
        ("shot", "q1", None),
        ("which?", "0", None),
        ("ack", "4503599627370497", "done"),
        ("connect_error", None, None),
        ("disconnect", None, None),
    ] == [(r.kind, r.query, r.text) for r in map(dialect.read, said)]
    ends = [None] * 5 + ["connect_error: token ran out", "disconnect"]
    assert ends == [ROOM.over(frame) for frame in said]


def test_a_question_is_an_event():
    """With what is sent along, and numbered where it is to be acknowledged."""
    assert b'42["ask",{"id":"q1","text":"hi"}]' == asked(dialect_of(described()))
    room = described(
        namespace="/room",
        ask={"event": "ask", "ack": "{query_number}", "args": ["{text}", {"id": "{query}"}]},
    )
    assert b'42/room,4503599627370497["ask","hi",{"id":"4503599627370497"}]' == (
        asked(dialect_of(room), "4503599627370497")
    )


def test_a_question_of_theirs_is_answered():
    """By an acknowledgement that is made from what they asked."""
    reply = {
        "when": "which?",
        "send": {"event": "ack", "ack": "{frame.ack}", "data": "{frame.data.a}"},
    }
    dialect = dialect_of(described(answers=[reply]))
    frame = b'4217["which?",{"a":"this"}]'
    assert b'4317["this"]' == dialect.answer(dialect.read(frame), frame, {})


def test_a_client_greets_when_it_is_asked_in():
    """With what it shows, in the namespace that it wants; and pings are answered."""
    assert b"40" == PLAIN.greeting(None)
    greeting = ROOM.greeting({"token": "t"})
    assert b'40/room,{"token":"t"}' == greeting
    assert greeting == ROOM.reply(b'0{"sid":"s"}', greeting)
    assert b"3" == ROOM.reply(b"2", greeting)
    assert b"3probe" == ROOM.reply(b"2probe", greeting)
    assert ROOM.reply(b'42/room,["x"]', greeting) is None


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (b"1", "the platform closed the connection (1)"),
        (b"41", "disconnect"),
        (b'44{"message":"token ran out"}', "connect_error: token ran out"),
        (b'44"no"', "connect_error: no"),
        (b"44", "connect_error"),
        (b"41/room,", None),
        (b"40", None),
        (b'42["disconnected"]', None),
    ],
)
def test_the_end_of_a_session_has_a_reason(frame, why):
    """Of the namespace that was joined, and of no other."""
    assert why == PLAIN.over(frame)


@pytest.mark.parametrize(
    ("given", "asked_for"),
    [
        ("ws://h:1", "ws://h:1/socket.io/?EIO=4&transport=websocket"),
        ("wss://h/ws/socket.io", "wss://h/ws/socket.io?EIO=4&transport=websocket"),
        (
            "ws://h/socket.io/?EIO=4&transport=websocket&t=x%2By",
            "ws://h/socket.io/?EIO=4&transport=websocket&t=x%2By",
        ),
        ("ws://h/?token=a", "ws://h/socket.io/?token=a&EIO=4&transport=websocket"),
    ],
)
def test_the_address_is_the_one_that_clients_use(given, asked_for):
    assert asked_for == PLAIN.address(given)


def test_a_session_is_named_by_its_sid():
    """In what lets it in; an id that the platform makes for one session alone."""
    assert "s1" == said(PLAIN, (b'40{"sid":"s1"}',), described().where.session)


def test_binary_frames_belong_to_the_event_before_them():
    """However much one looks like a packet."""
    assert {Opcode.TEXT} == framing_of(described()).readable
    assert {Opcode.TEXT, Opcode.BINARY} == framing_of(Dialect()).readable


def test_what_a_plan_says_goes_with_what_the_framing_says():
    """A greeting of the platform's own is awaited besides."""
    dialect = described(opens=["hello"], refuses=["disconnect"], where={"session": []})
    assert ("hello", "connect") == dialect.opens
    assert ("disconnect", "connect_error") == dialect.refuses
    assert ((), ("event",)) == (dialect.where.session, dialect.where.type)
    table = json.loads(orjson.dumps(msgspec.to_builtins(dialect)))
    assert table == with_its_own(table)
