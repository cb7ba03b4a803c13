"""Whatever a platform sends is evidence: it is loaded and judged, and nothing breaks."""

from __future__ import annotations

import functools
import json

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.dialects.events import EventDialect
from isolation_checks.judging.judge import judge
from isolation_checks.loading.run import count
from isolation_checks.records import Opcode
from isolation_checks.verdicts import verdict
from tests.isolation_checks.judging.meetings import meetings
from tests.isolation_checks.language import recorded, word

SCRIPT = meetings(2) + " messages|a,q1,A1 messages|b,q2,B2"
ASKED = {"isolation": {"control": True}}
DEEP = 10_000
PLACES = ("type", "request_id", "run_id", "thread_id", "user_id", "seq", "session_id")
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(st.characters(), max_size=8),
        st.sampled_from(("agent_completed", "q1", "a-user-aaaaaa", word("A1"), "\ud800", "\0")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
MESSAGES = st.builds(
    lambda places, payload: json.dumps(places | {"payload": payload}).encode(),
    st.dictionaries(st.sampled_from(PLACES), VALUES),
    st.one_of(VALUES, st.dictionaries(st.sampled_from(("content", "delta", "result")), VALUES)),
)
FRAMES = st.lists(
    st.tuples(
        st.one_of(MESSAGES, st.binary(max_size=60)),
        st.sampled_from((Opcode.TEXT, Opcode.BINARY, Opcode.HTTP, Opcode.PING, Opcode.CLOSE)),
    ),
    max_size=8,
)


NESTED = [
    b"[" * DEEP + b"]" * DEEP,
    b'{"payload":' * DEEP + b'"x"' + b"}" * DEEP,
    b'{"type": "agent_thinking", "payload": {"content": ' + b"[" * 900 + b"]" * 900 + b"}}",
    b"[" * DEEP,
]
"""What would exhaust a stack."""


def run_with(contents):
    """A run in whose midst each of the two principals got these, and its own answers around."""
    recording = recorded(SCRIPT, plan=ASKED)
    frames = recording.streams["history/p0/frames"]
    middle = frames[len(frames) // 2]
    other = next(frame["session"] for frame in frames if frame["session"] != middle["session"])
    rubbish = [
        middle | {"session": session, "content": content, "opcode": opcode}
        for content, opcode in contents
        for session in (middle["session"], other)
    ]
    frames[len(frames) // 2 : len(frames) // 2] = rubbish
    for index, frame in enumerate(frames):
        frame["index"] = index
    return recording.loaded("duckdb")


def judged(*contents, opcode=Opcode.TEXT):
    return judge(run_with([(content, opcode) for content in contents]))


def crashed(judgement):
    return [check.note for check in judgement.checks if "the check crashed" in check.note]


@settings(max_examples=40)
@given(FRAMES)
def test_rubbish_breaks_no_loading(contents):
    """Wrong types, huge numbers, half characters, no JSON at all: everything is read."""
    run = run_with(contents)
    readable = sum(2 for _, opcode in contents)
    assert 22 + readable == count(run.frames)


def test_rubbish_breaks_no_check():
    """All of it in one run, which is judged and written down, the control included."""
    odd = [
        *(b"\xff\xfe", b"", b"\xed\xa0\x80", b"null", b"[]", b"1e999"),
        b'{"type": "agent_completed", "seq": 99999999999999999999999}',
        b'{"type": "agent_thinking", "seq": "123456789012345678901234567890"}',
        b'{"type": "\\ud800", "user_id": "\\udfff", "thread_id": "\\ud83d"}',
        b'{"payload": {"content": "\\ud800 \\udc00"}, "user_id": "\\u0000"}',
        b'{"type": NaN, "seq": Infinity, "payload": -Infinity}',
        b'{"type": "a", "type": "b", "type": ["c"]}',
        b'{"type": {"a": 1}, "request_id": ["q1"], "user_id": 7, "payload": [[["x"]], {}]}',
        *NESTED,
    ]
    judgement = judged(*odd)
    assert [] == crashed(judgement)
    assert judgement.opportunities
    assert judgement == verdict.decode(verdict.encode(judgement))
    assert "control found" in {said.name for said in judgement.checks}


def test_a_dialect_of_a_plans_own_that_crashes_makes_the_evidence_unknown(monkeypatch):
    """What it could not read was not looked at."""

    def read(_, frame):
        raise ZeroDivisionError(len(frame))

    monkeypatch.setattr(EventDialect, "read", read)
    judgement = judged(b"{}")
    [said] = [check for check in judgement.checks if check.name == "history complete"]
    assert said.note.startswith("p0: 24 frames cannot be read: the dialect raised ZeroDivision")
    assert [] == crashed(judgement)


def test_ten_megabytes_are_read_and_a_foreign_word_at_their_end_is_found():
    """Size alone hides nothing."""
    text = "lorem ipsum " * 900_000 + word("A1")
    content = orjson.dumps({"type": "agent_thinking", "payload": {"content": text}})
    assert len(content) > 10_000_000
    [found] = foreign_canary_in_a_frame(run_with([(content, Opcode.TEXT)])).found
    assert ("a", "b", 1) == (found.victim, found.recipient, found.times)


@functools.cache
def unusual():
    """One run with everything that is odd and holds a word of a's."""
    canary = word("A1").encode()
    return [
        (b"\xff\xfe" + canary + b"\xff", Opcode.TEXT),
        (b"\0".join(bytes([octet]) for octet in canary), Opcode.BINARY),  # UTF-16
        (b'{"content": "' + canary + b'", "content": NaN', Opcode.TEXT),
        (b"[" * DEEP + b'"' + canary + b'"' + b"]" * DEEP, Opcode.TEXT),
        (b'{"a": "\\ud800' + canary + b'"}', Opcode.TEXT),
        (canary, Opcode.PING),
    ]


def test_rubbish_does_not_hide_a_foreign_word():
    """However odd what stands around it is, in whatever kind of message."""
    [found] = foreign_canary_in_a_frame(run_with(unusual())).found
    assert ("a", "b", len(unusual())) == (found.victim, found.recipient, found.times)
