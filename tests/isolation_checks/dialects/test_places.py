import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isolation_checks.dialects.events import EventDialect
from isolation_checks.dialects.reading import SILENT
from isolation_checks.plan import read
from isolation_checks.plan.tables.dialect import Dialect, Kind, Where

KEYS = st.sampled_from(("type", "id", "data", "payload", "items", "0", "text"))
ENVELOPES = ('{"id": "7", "data": ["a"]}', '["a", {"type": "b"}]', '{"data": "{\\"id\\": 7}"}', "{")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(("", "a", "b", "7", 1.5, *ENVELOPES))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PLACES = st.lists(
    st.lists(KEYS | st.just("*"), min_size=1, max_size=3).map(".".join), max_size=3
).map(tuple)
KINDS = st.lists(
    st.builds(
        Kind,
        name=st.sampled_from(("first", "second")),
        has=st.lists(KEYS, min_size=1, max_size=2).map(".".join),
        equals=st.sampled_from((None, "a", "7", "true")),
    ),
    max_size=2,
).map(tuple)
WHERE = st.builds(
    Where,
    type=PLACES,
    query=PLACES,
    run=PLACES,
    conversation=PLACES,
    user=PLACES,
    sequence=PLACES,
    text=PLACES,
    delta=PLACES,
    secrets=PLACES,
)
ROOTS = st.lists(KEYS.filter(str.isalpha), max_size=2).map(tuple)
AT_THE_ROOT = st.builds(
    Where,
    type=ROOTS,
    query=ROOTS,
    run=ROOTS,
    conversation=ROOTS,
    user=ROOTS,
    text=PLACES,
    secrets=st.just(()) | PLACES,
)
MESSAGES = st.dictionaries(
    KEYS, st.sampled_from(("a", "b", "", "\u00e9", 'with "quotes"')) | VALUES
)


def _cut(message):
    """As a platform sends it that has cut its texts in the middle of a character."""
    return orjson.dumps(message).replace(b"\xc3\xa9", b"\xc3").replace(b"with", b"\\ud83d")


@settings(max_examples=300, deadline=None)
@given(
    where=WHERE | AT_THE_ROOT,
    kinds=st.just(()) | KINDS,
    message=VALUES | MESSAGES,
    dumps=st.sampled_from((orjson.dumps, _cut, lambda message: json.dumps(message).encode())),
)
def test_the_fast_ways_read_what_walking_reads(where, kinds, message, dumps):
    """Whatever a plan names and a platform sends, all ways of reading agree."""
    dialect = EventDialect(Dialect(where=where, kinds=kinds, ends={"a": "ok"}))
    frame = dumps(message)
    walked = dialect._walked(frame)
    assert dialect.read(frame) == walked
    glanced = dialect.glance(frame)
    for name in ("kind", "query", "run", "conversation", "user", "ending", "secrets"):
        assert getattr(glanced, name) == getattr(walked, name)


@pytest.mark.parametrize("preset", read.preset_names())
def test_every_dialect_reads_the_usual_forms_the_fast_way(preset, monkeypatch):
    """Walking is for odd messages: where an id stands, or is missing, nothing is walked."""
    text = f"""
        dialect = "{preset}"
        [target]
        websocket = "ws://127.0.0.1:1/ws"
        [auth]
        source = "mint"
        secret = "env:SECRET"
        carry = {{ headers = {{ Authorization = "Bearer {{token}}" }} }}
    """
    dialect = EventDialect(read.parse(text, "a plan").dialect)
    monkeypatch.setattr(EventDialect, "_walked", None)
    for message in (
        {"type": "agent_started", "thread_id": "t", "run_id": "r", "user_id": "u"},
        {"type": "agent_thinking", "payload": {"content": "hm", "thread_id": "t"}},
        {"type": "tool_completed", "payload": {"results": ["one", {"two": "three"}]}},
        {"type": "pong"},
    ):
        dialect.read(orjson.dumps(message))
        dialect.glance(orjson.dumps(message))


@pytest.mark.parametrize("frame", [b"", b"{", b"[1]", b'"text"', b"null", b"\xff", b'{"type": '])
def test_what_is_no_json_object_says_nothing(frame):
    """Rubbish is read as silence, by either way."""
    dialect = EventDialect(Dialect(where=Where(), ends={"a": "ok"}))
    assert dialect.read(frame) == SILENT
    assert dialect.glance(frame) == SILENT


@pytest.mark.parametrize(
    "cut",
    [rb'"\ud83d"', b'"\xf0\x9f"', b'{"score": NaN}', b'["-", -Infinity, Infinity]'],
    ids=["half a pair", "half the bytes", "no number", "beyond all numbers"],
)
def test_a_message_that_is_almost_json_is_read_all_the_same(cut):
    """A text that was cut where it streams, and what Python's own library writes for a float.

    To take the message for silence would blame the platform for an event that it did send.
    """
    where = Where(type=("type",), query=("id",), text=("said",))
    dialect = EventDialect(Dialect(where=where, ends={"a": "ok"}))
    frame = b'{"type": "a", "id": "q", "said": "before", "more": %s, "text": %s}' % (cut, cut)
    for read_by in (dialect.read, dialect.glance):
        reading = read_by(frame)
        assert (reading.kind, reading.query, reading.ending) == ("a", "q", "ok")
    assert dialect.read(frame).text == "before"


@pytest.mark.parametrize("octets", [b"\xff", b"\xc3", b"\xed\xa0\xbd"])
def test_octets_that_are_no_text_do_no_harm_where_a_name_or_a_text_stands(octets):
    """A text frame may hold them, since nobody checks on the way; a drive would end with 4."""
    dialect = EventDialect(Dialect(ends={"a": "ok"}))
    frame = b'{"type": "a", "run_id": "r%s", "content": "said%s", "request_id": "q"}'
    for read_by in (dialect.read, dialect.glance):
        reading = read_by(frame % (octets, octets))
        assert (reading.kind, reading.query, reading.ending) == ("a", "q", "ok")
    assert dialect.read(frame % (octets, octets)).text.startswith("said")
