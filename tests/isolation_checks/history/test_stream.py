from __future__ import annotations

import errno
import hashlib
import os
import random

import pyarrow as pa
import pytest

from isolation_checks.errors import HarnessError
from isolation_checks.history import stream
from isolation_checks.history.stream import StreamWriter

SCHEMA = pa.schema(
    [
        pa.field("n", pa.int64(), nullable=False),
        pa.field("text", pa.string()),
        pa.field("content", pa.large_binary(), nullable=False),
    ]
)
BATCHES = tuple(
    [{"n": 10 * k + i, "text": f"ü{i}" if i else None, "content": b"\0\xff" * i} for i in range(k)]
    for k in (1, 3, 2)
)


@pytest.fixture
def written(tmp_path):
    """A stream of three batches and what its seal says."""
    path = tmp_path / "written.arrow"
    writer = StreamWriter(path, SCHEMA)
    for records in BATCHES:
        writer.write(pa.RecordBatch.from_pylist(records, schema=SCHEMA))
    return path, writer.close()


def read(path):
    return [record for batch in stream.batches(path) for record in batch.to_pylist()]


def test_what_is_written_can_be_read(written):
    """Every record comes back, in order, nulls and raw bytes included."""
    path, _ = written
    assert [record for batch in BATCHES for record in batch] == read(path)


def test_the_seal_says_how_much_there_is_and_its_digest(written):
    """Records, bytes and SHA-256 are those of the file."""
    path, sealed = written
    content = path.read_bytes()
    assert (6, len(content)) == (sealed.records, sealed.octets)
    assert hashlib.sha256(content).hexdigest() == sealed.sha256
    assert stream.digest(path) == (sealed.octets, sealed.sha256)


def test_cut_at_any_byte_the_whole_batches_survive(written, tmp_path):
    """Nothing raises, no half batch is read, and no whole one is lost."""
    path, _ = written
    content, cut = path.read_bytes(), tmp_path / "cut.arrow"
    counts = []
    for length in range(len(content) + 1):
        cut.write_bytes(content[:length])
        counts.append(len(read(cut)))
    assert counts == sorted(counts)
    assert {0, 1, 4, 6} == set(counts)


def test_cut_between_two_batches_only_the_seal_tells(written, tmp_path):
    """Such a stream reads like a whole one; its length and digest are not the sealed ones."""
    path, sealed = written
    content, cut = path.read_bytes(), tmp_path / "cut.arrow"
    whole = pa.ipc.open_stream(content)
    whole.read_next_batch()
    shorter = StreamWriter(tmp_path / "one.arrow", SCHEMA)
    shorter.write(pa.RecordBatch.from_pylist(BATCHES[0], schema=SCHEMA))
    cut.write_bytes(content[: shorter.close().octets - 8])  # 8: the end's mark
    assert BATCHES[0] == read(cut)
    octets, digest = stream.digest(cut)
    assert octets < sealed.octets
    assert digest != sealed.sha256


def test_altered_bytes_never_raise(written, tmp_path):
    """Whatever a disk did to a byte, reading ends there; the digest tells."""
    path, sealed = written
    content, altered = path.read_bytes(), tmp_path / "altered.arrow"
    drawn = random.Random(7)
    for _ in range(800):
        octets = bytearray(content)
        at = drawn.randrange(len(octets))
        octets[at] ^= 1 << drawn.randrange(8)
        altered.write_bytes(octets)
        read(altered)
        assert stream.digest(altered)[1] != sealed.sha256


def test_an_empty_file_is_an_empty_stream(tmp_path):
    """A process that was killed before its first word leaves one."""
    (tmp_path / "empty.arrow").touch()
    assert read(tmp_path / "empty.arrow") == []


def test_a_stream_that_was_never_closed_is_readable(tmp_path):
    """Every batch was handed to the operating system when it was written."""
    path = tmp_path / "open.arrow"
    writer = StreamWriter(path, SCHEMA)
    writer.write(pa.RecordBatch.from_pylist(BATCHES[1], schema=SCHEMA))
    assert BATCHES[1] == read(path)
    writer.close()


def test_what_stands_there_is_never_overwritten(written):
    """A run is evidence: a second stream of the same name is refused."""
    path, sealed = written
    with pytest.raises(HarnessError, match="cannot write"):
        StreamWriter(path, SCHEMA)
    assert stream.digest(path) == (sealed.octets, sealed.sha256)


def test_only_its_owner_may_read_a_stream(written):
    """Evidence holds other people's words."""
    path, _ = written
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_is_our_fault_and_named(tmp_path, monkeypatch):
    """What could not be written whole is an exception, not a shorter stream."""
    writer = StreamWriter(tmp_path / "full.arrow", SCHEMA)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(HarnessError, match="No space left"):
        writer.write(pa.RecordBatch.from_pylist(BATCHES[0], schema=SCHEMA))


def test_a_write_that_the_system_cuts_short_is_continued(tmp_path, monkeypatch):
    """`write` may take less than it was given; the rest follows."""
    path, plain = tmp_path / "slow.arrow", os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: plain(descriptor, data[:7]))
    writer = StreamWriter(path, SCHEMA)
    writer.write(pa.RecordBatch.from_pylist(BATCHES[1], schema=SCHEMA))
    sealed = writer.close()
    assert BATCHES[1] == read(path)
    assert stream.digest(path) == (sealed.octets, sealed.sha256)
