"""Frames that are packets of Socket.IO, as the judge reads them."""

import pytest

from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.checks.history_complete import history_complete
from isolation_checks.checks.session_ids import session_ids_differ
from isolation_checks.checks.unplaced import unsure
from isolation_checks.loading.run import records
from isolation_checks.records import Opcode
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import recorded, word

A, B = (word(name).encode() for name in ("A1", "B1"))
PLAN = {
    "dialect": {
        "framing": "socket.io",
        "ask": {"event": "ask", "data": {"id": "{query}", "text": "{text}"}},
        "where": {"query": ["data.id"], "text": ["data.text"], "delta": ["data.piece"]},
        "ends": {"answer": "ok"},
    }
}


def heard(*packets, opcode=Opcode.TEXT, script="a?q1,A1 b?q2,B1"):
    """A run in which b, on the second session, heard these packets while both were asking."""
    recording = recorded(script, plan=PLAN)
    for place, content in enumerate(packets):
        recording.streams.setdefault("history/p0/frames", []).append(
            {
                "index": place,
                "session": 2,
                "received_ns": (15 + place) * 100_000_000,
                "late_ns": 0,
                "opcode": opcode,
                "content": content,
            }
        )
    return recording.loaded("duckdb")


def test_what_is_not_ours_is_found_in_an_event_and_in_an_attachment():
    """Whole, in pieces over two events, and in the binary frame that belongs to one."""
    whole = heard(b'42["answer",{"id":"q2","text":"' + A + b'"}]')
    split = heard(
        b'42["token",{"id":"q2","piece":"' + A[:9] + b'"}]',
        b'42["token",{"id":"q2","piece":"' + A[9:] + b'"}]',
    )
    attached = heard(b"42\xff" + A, opcode=Opcode.BINARY)
    for run in (whole, split, attached):
        [found] = foreign_canary_in_a_frame(run).found
        assert ("a", "b", 1) == (found.victim, found.recipient, found.times)
        assert Verdict.PASS == history_complete(run).verdict


def test_the_protocols_own_frames_answer_nothing_and_leave_nothing_unsure():
    """A heartbeat in the middle of an answer is no part of it, and nothing that was not read."""
    script = "a?q1,A1 b?q2,B1 +9s b!q2"
    own = (b'0{"sid":"e1"}', b'40{"sid":"s2"}', b"2", b"3", b"6", b"41", b"1")
    run = heard(*own, b'42["answer",{"id":"q2","text":"' + B + b'"}]', script=script)
    frames = records(run.frames, "index")
    assert [None] * 7 + ["q2"] == [frame["query"] for frame in frames]
    assert frozenset() == unsure(run)
    assert Verdict.PASS == history_complete(run).verdict
    assert "s2" == frames[1]["named_session"]
    named = session_ids_differ(run)
    assert 1 == named.examined
    loose = heard(
        b'42["token",{"piece":"whose?"}]', b'42["token",{}]', script="a?q1 b?q2 b?q3 +9s b!q2"
    )
    assert {"q2"} == unsure(loose)


@pytest.mark.parametrize("rubbish", [b'{"event":"answer"}', b'42["answer"', b"42/other,[1]", b"hi"])
def test_a_frame_that_cannot_be_read_is_a_gap(rubbish):
    """Words in it are found all the same; what else it says nobody knows."""
    run = heard(rubbish + A)
    outcome = history_complete(run)
    assert Verdict.UNKNOWN == outcome.verdict
    assert outcome.note.startswith("p0: 1 frames cannot be read: ")
    assert [("a", "b")] == [(f.victim, f.recipient) for f in foreign_canary_in_a_frame(run).found]
