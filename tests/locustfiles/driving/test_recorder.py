import base64
import json
import os
import signal
import subprocess
import sys
import time

import gevent
import jwt
import pytest

from isolation_checks.errors import HarnessError
from isolation_checks.history.credentials import Credentials
from isolation_checks.history.stream import batches, digest
from isolation_checks.records import STREAMS, Opcode
from locustfiles.driving import recorder as recorders
from locustfiles.driving.recorder import FLUSH_RECORDS, Recorder

TOKEN = jwt.encode({"sub": "ana", "jti": "1"}, "a secret that is long enough for HS256")
OPAQUE = "refresh/5up3r+s3cr3t_t0k3n"
KILLED = """
import os, signal, sys, time
from pathlib import Path
import gevent
from isolation_checks.history.credentials import Credentials
from locustfiles.driving.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]), Credentials(b"k" * 32), print)
at = 0
while True:
    recorder.frames(1, at, 0, [1] * 10, [b"frame %d" % (at + i) for i in range(10)])
    at += 10
    gevent.sleep(0.001)
    if at % 500 == 0:
        recorder.flush()
        print(at, flush=True)
"""


@pytest.fixture
def broken():
    """What the recorder said had broken."""
    return []


@pytest.fixture
def credentials():
    known = Credentials(b"k" * 32)
    known.know(TOKEN, "ana-01")
    known.know(OPAQUE, "ana-01")
    return known


@pytest.fixture
def recorder(tmp_path, credentials, broken):
    recorder = Recorder(tmp_path / "history" / "p0", credentials, broken.append)
    yield recorder
    recorder.abandon()


def hear(recorder, *contents, session=1, opcode=Opcode.TEXT):
    """Have messages come in one read."""
    recorder.frames(session, 5, 2, [opcode] * len(contents), list(contents))


def rows(recorder, stream="frames"):
    """What is on disk of a stream."""
    path = recorder.folder / f"{stream}.arrow"
    return [row for batch in batches(path) for row in batch.to_pylist()]


def until(condition, limit_s=5.0):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < limit_s
        gevent.sleep(0.01)
    return time.monotonic() - began


# -- what is written, and when


def test_a_thousand_frames_are_written_at_once(recorder, monkeypatch):
    """Nobody waits for the second to pass."""
    monkeypatch.setattr(recorders, "FLUSH_SECONDS", 3600)
    gevent.sleep(0.01)
    recorder._wake.set()
    gevent.sleep(0.05)
    hear(recorder, *[b"x"] * (FLUSH_RECORDS - 1))
    gevent.sleep(0.1)
    assert rows(recorder) == []
    hear(recorder, b"y")
    until(lambda: len(rows(recorder)) == FLUSH_RECORDS)


def test_a_single_frame_is_written_within_about_a_second(recorder):
    """However little there is, it is on disk soon."""
    hear(recorder, b"alone")
    assert until(lambda: rows(recorder)) < 3
    assert rows(recorder) == [
        {
            "index": 0,
            "session": 1,
            "received_ns": 5,
            "late_ns": 2,
            "opcode": 1,
            "content": b"alone",
        }
    ]


def test_frames_are_numbered_in_the_order_of_receipt(recorder):
    """Over reads of several messages, flushes and batches, nothing is lost or moved."""
    sent = [b"%d" % number for number in range(2_500)]
    hear(recorder, *sent[:3], session=7)
    for at in range(3, 2_000):
        hear(recorder, sent[at], session=at)
    recorder.flush()
    hear(recorder, *sent[2_000:], opcode=Opcode.BINARY)
    recorder.flush()
    written = rows(recorder)
    assert [row["content"] for row in written] == sent
    assert [row["index"] for row in written] == list(range(2_500))
    assert [row["session"] for row in written[:5]] == [7, 7, 7, 3, 4]
    assert {row["opcode"] for row in written[2_000:]} == {Opcode.BINARY}
    sizes = [batch.num_rows for batch in batches(recorder.folder / "frames.arrow")]
    assert max(sizes) <= FLUSH_RECORDS


def test_a_planting_is_on_disk_when_plant_returns(recorder):
    """Only then may the words be sent: no greenlet runs and no buffer waits in between."""
    recorder.plant([{"canary": "CX1", "kind": "token", "principal": "ana-01", "place": "query"}])
    (row,) = rows(recorder, "plantings")
    assert (row["canary"], row["query"]) == ("CX1", None)


def test_empty_and_odd_messages_are_kept(recorder):
    """An empty message is a message; one of a megabyte too; octets are not looked at."""
    odd = [b"", b"\x00\xff", b"x" * 1_000_000, "ü".encode()]
    hear(recorder, *odd)
    recorder.flush()
    assert [row["content"] for row in rows(recorder)] == odd


def test_half_a_character_in_a_note_can_be_stored(recorder, broken):
    """What a platform says of itself may be no text at all; it must not break us."""
    recorder.note("sessions", session=1, principal="a", channel="websocket", step="\ud800")
    recorder.flush()
    assert not broken
    assert [row["step"] for row in rows(recorder, "sessions")] == ["?"]


def test_notes_are_stamped_unless_they_say_when(recorder):
    """The present moment, or the one that is given."""
    before = time.monotonic_ns()
    about = {"kind": "twins", "principal": "ana-01"}
    recorder.note("provocations", **about)
    recorder.note("provocations", at_ns=7, **about)
    recorder.flush()
    now, then = rows(recorder, "provocations")
    assert before <= now["at_ns"] <= time.monotonic_ns()
    assert then["at_ns"] == 7


# -- what is kept out


@pytest.mark.parametrize("secret", [TOKEN, OPAQUE])
@pytest.mark.parametrize(
    "form", [str, lambda text: base64.b64encode(text.encode()).decode(), json.dumps]
)
def test_credentials_in_frames_become_marks(recorder, secret, form):
    """Raw, encoded or quoted: the mark says whose it was, the secret is nowhere on disk."""
    hear(recorder, b"before", f"token {form(secret)} leaked".encode(), b"behind")
    recorder.seal("stopped")
    before, marked, behind = (row["content"] for row in rows(recorder))
    assert (before, behind) == (b"before", b"behind")
    assert b"credential.ana-01." in marked
    assert marked.endswith(b" leaked")
    raw = (recorder.folder / "frames.arrow").read_bytes()
    assert form(secret).strip('"').encode() not in raw


def test_an_unknown_jwt_is_marked_too(recorder):
    """Anything that looks like one is a credential, whoever it belongs to."""
    stranger = jwt.encode({"sub": "somebody"}, "another secret, long enough for HS256")
    hear(recorder, stranger.encode())
    recorder.flush()
    assert rows(recorder)[0]["content"].startswith(b"credential.unknown.")


def test_a_secret_that_is_learned_in_the_same_read_is_screened(recorder):
    """The buffer is written later than whoever read the message said that it is one."""
    hear(recorder, b'{"resume_token": "a-brand-new-opaque-token"}')
    recorder.credentials.know("a-brand-new-opaque-token", "ben-02")
    recorder.flush()
    assert rows(recorder)[0]["content"].startswith(b'{"resume_token": "credential.ben-02.')


def test_credentials_in_notes_become_marks(recorder):
    """Close reasons and errors may quote a token."""
    about = {"session": 1, "principal": "ana-01", "channel": "websocket", "by": "them"}
    recorder.note("sessions", step="closed", detail=f"token {TOKEN} is not valid", **about)
    recorder.flush()
    assert rows(recorder, "sessions")[0]["detail"].startswith("token credential.ana-01.")


# -- the seal


def test_the_seal_agrees_with_the_files(recorder):
    """Counts, lengths and digests of every stream are those of what is on disk."""
    hear(recorder, b"one", b"two")
    recorder.plant([{"canary": "CX1", "kind": "token", "principal": "ana-01", "place": "query"}])
    recorder.note("provocations", kind="twins", principal="ana-01")
    recorder.seal("stopped")
    seal = json.loads((recorder.folder / "seal.json").read_bytes())
    assert seal["how"] == "stopped"
    assert set(seal["streams"]) == set(STREAMS)
    for name, said in seal["streams"].items():
        assert (said["octets"], said["sha256"]) == digest(recorder.folder / f"{name}.arrow")
        assert said["records"] == len(rows(recorder, name))
    counts = {name: said["records"] for name, said in seal["streams"].items() if said["records"]}
    assert counts == {"frames": 2, "plantings": 1, "provocations": 1}


def test_only_the_owner_may_read_a_history(recorder):
    """Folders are 0700 and files 0600, those above and those that were made on the way too."""
    recorder.seal("stopped")
    for folder in (recorder.folder, recorder.folder.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in recorder.folder.iterdir()} == {0o600}


def test_an_abandoned_history_is_whole_but_not_sealed(recorder):
    """What a process that broke had seen can be read; nobody will take it for complete."""
    hear(recorder, b"seen")
    recorder.abandon()
    assert [row["content"] for row in rows(recorder)] == [b"seen"]
    assert not (recorder.folder / "seal.json").exists()


def test_a_second_history_of_one_process_is_refused(recorder, credentials, broken):
    """A run is evidence: what is there is never written over."""
    with pytest.raises(FileExistsError):
        Recorder(recorder.folder, credentials, broken.append)


# -- when it cannot be written


class Full:
    """A stream on a disk without room."""

    def __init__(self, writer):
        self.writer = writer

    def write(self, _):
        """There is none."""
        raise HarnessError("cannot write frames.arrow: No space left on device")

    def close(self):
        """The same."""
        return self.writer.close()


def test_a_flush_that_fails_breaks_the_run_and_nothing_is_sealed(recorder, broken):
    """Once, and whatever comes after it."""
    recorder._writers["frames"] = Full(recorder._writers["frames"])
    hear(recorder, b"lost")
    recorder.flush()
    assert [type(error) for error in broken] == [HarnessError]
    recorder._writers["frames"] = recorder._writers["frames"].writer
    recorder.seal("stopped")
    assert not (recorder.folder / "seal.json").exists()
    assert len(broken) == 1


def test_a_flush_that_fails_while_the_seal_waits_is_not_lost(recorder, broken):
    """The seal asks how the flush that was under way had ended."""
    recorder._writers["frames"] = Full(recorder._writers["frames"])
    hear(recorder, *[b"lost"] * FLUSH_RECORDS)
    gevent.sleep(0)  # the flusher has handed it over, and waits
    recorder.seal("stopped")
    assert len(broken) == 1
    assert not (recorder.folder / "seal.json").exists()


def test_words_whose_planting_cannot_be_written_are_not_sent(recorder, broken):
    """`plant` raises, and the run is being ended."""
    recorder._writers["plantings"] = Full(recorder._writers["plantings"])
    with pytest.raises(HarnessError):
        recorder.plant([{"canary": "C", "kind": "token", "principal": "a", "place": "query"}])
    assert len(broken) == 1


def test_a_kill_loses_nothing_that_was_flushed(tmp_path):
    """The operating system has it: every flushed frame is there, whole and in order."""
    folder = tmp_path / "history" / "p0"
    folder.parent.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True
    )
    with process:
        flushed = [int(process.stdout.readline()) for _ in range(4)][-1]
        os.kill(process.pid, signal.SIGKILL)
    contents = [
        c for b in batches(folder / "frames.arrow") for c in b.column("content").to_pylist()
    ]
    assert len(contents) >= flushed
    assert contents == [b"frame %d" % number for number in range(len(contents))]
    assert not (folder / "seal.json").exists()


# -- who looks on


class Onlooker:
    """Remembers what it saw."""

    def __init__(self):
        self.seen = []

    def notes(self, stream, records):
        """Who the records are about."""
        self.seen.append((stream, [record["principal"] for record in records]))

    def frames(self, first, sessions, _received_ns, contents):
        """What was received."""
        self.seen.append((first, list(sessions), contents))


def test_an_onlooker_sees_what_is_written_and_no_credential(recorder):
    """Who is there first, so that it knows whose the frames are; and it is told when to look."""
    recorder.onlooker, told = Onlooker(), []
    recorder.on_written = lambda: told.append(len(recorder.onlooker.seen))
    hear(recorder, b"hello", TOKEN.encode(), session=7)
    recorder.note("sessions", session=7, principal="ana-01", channel="websocket", step="opening")
    recorder.flush()
    notes, (first, sessions, contents) = recorder.onlooker.seen
    assert ("sessions", ["ana-01"]) == notes
    assert (0, [7, 7], b"hello") == (first, sessions, contents[0])
    assert TOKEN.encode() not in contents[1]
    assert [2] == told


def test_an_onlooker_that_breaks_breaks_nothing_else(recorder, broken, caplog):
    """The evidence is whole; somebody says that the live page is not."""
    recorder.onlooker = Onlooker()
    recorder.onlooker.frames = None
    hear(recorder, b"hello")
    recorder.flush()
    hear(recorder, b"again")
    recorder.flush()
    assert [b"hello", b"again"] == [row["content"] for row in rows(recorder)]
    assert [] == broken
    assert 1 == sum("live page" in record.getMessage() for record in caplog.records)
