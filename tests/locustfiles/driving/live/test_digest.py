"""What a process tells of what its recorder wrote."""

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram

from isolation_checks import canary
from isolation_checks.canary import OwnerNumber, Parts
from locustfiles.driving.live import digest as digests
from locustfiles.driving.live.digest import Digest

KEY, RUN = b"k" * 32, "a-run"
ANA, BEN = 1, 2
ANAS_SESSION, BENS_SESSION = 11, 22


def word(owner, serial=1, run=RUN):
    parts = Parts(run=canary.run_number(run), owner=OwnerNumber(owner), serial=serial)
    return canary.make(KEY, parts)


@pytest.fixture
def digest():
    digest = Digest(run=RUN, process="p0", key=KEY)
    for owner, name in ((ANA, "ana-01"), (BEN, "ben-02")):
        digest.notes("principals", [{"principal": name, "owner": owner, "role": "user"}])
    for session, name in ((ANAS_SESSION, "ana-01"), (BENS_SESSION, "ben-02")):
        said = {"session": session, "principal": name, "channel": "websocket", "step": "opening"}
        digest.notes("sessions", [said])
    return digest


def hear(digest, *messages, first=0):
    """Let it see messages, each with the session that got it."""
    sessions = np.array([session for session, _ in messages], dtype=np.int64)
    digest.frames(
        first,
        sessions,
        np.arange(len(messages), dtype=np.int64),
        [content.encode() for _, content in messages],
    )


def test_anothers_word_is_told_with_its_place(digest):
    """Whose it is, who got it, in which frame, and where in what is quoted."""
    hear(digest, (ANAS_SESSION, "hello"), (BENS_SESSION, f"…order {word(ANA).lower()}!"), first=40)
    assert digest.urgent
    ((owner, recipient, said),) = digest.told()["pairs"]
    assert (ANA, BEN) == (owner, recipient)
    first = said["first"]
    assert (1, 41, BENS_SESSION) == (said["times"], first["index"], first["session"])
    assert word(ANA).lower() == first["text"][slice(*first["mark"])]
    assert not digest.urgent


@pytest.mark.parametrize(
    ("session", "content"),
    [
        (ANAS_SESSION, word(ANA)),
        (BENS_SESSION, "CX00000000000000000000"),
        (BENS_SESSION, word(ANA)[:-1]),
        (77, word(ANA)),
    ],
    ids=["one's own", "no canary", "half of one", "a session of nobody's"],
)
def test_what_accuses_nobody(digest, session, content):
    """One's own words, and what is no canary, are not told."""
    hear(digest, (session, content))
    assert [] == digest.told()["pairs"]


def test_two_halves_in_two_frames_are_no_word(digest):
    """Frames are looked at together, and read apart."""
    hear(digest, (BENS_SESSION, word(ANA)[:9]), (BENS_SESSION, word(ANA)[9:]))
    assert [] == digest.told()["pairs"]


def test_words_of_an_earlier_run_are_counted_apart(digest):
    """They are nobody's in this run."""
    hear(digest, (BENS_SESSION, word(ANA, run="another")))
    told = digest.told()
    assert ([], 1) == (told["pairs"], told["counts"]["earlier"])


def test_a_message_is_bounded_and_nothing_is_lost(digest, monkeypatch):
    """What does not fit comes with the next one; pairs beyond all measure are counted."""
    monkeypatch.setattr(digests, "PAIRS", 2)
    monkeypatch.setattr(digests, "APART", 5)
    hear(digest, *((BENS_SESSION, word(owner)) for owner in range(10, 18)))
    told = [digest.told() for _ in range(4)]
    assert [2, 2, 1, 0] == [len(each["pairs"]) for each in told]
    assert 3 == told[0]["counts"]["beyond"]


def test_it_tells_each_thing_once(digest):
    """A second message holds only what came since."""
    asked = {"step": "asked", "query": "q", "due_ns": 0, "sent_ns": 2_000_000}
    ended = {
        "step": "ended", "query": "q", "ending": "info", "reason": "timeout",
        "first_ns": 5_000_000, "done_ns": None,
    }  # fmt: skip
    digest.notes("queries", [asked, ended])
    digest.notes("provocations", [{"kind": "connect"}, {"kind": "connect"}])
    told = digest.told()
    assert {"timeout": 1} == told["reasons"]
    assert {"connect": 2} == told["provocations"]
    assert {"first event", "lag"} == set(told["latency"])
    first = HdrHistogram.decode(told["latency"]["first event"])
    assert 5_000 == pytest.approx(first.get_max_value(), rel=0.001)
    again = digest.told()
    assert ({}, {}, {}, []) == tuple(
        again[name] for name in ("reasons", "provocations", "latency", "principals")
    )


def test_the_longest_stall_is_told(digest):
    """Though the last second was calm."""
    for stall in (5, 900, 1):
        digest.notes("health", [{"at_ns": stall, "stall_ns": stall}])
    assert 900 == digest.told()["health"]["stall_ns"]
