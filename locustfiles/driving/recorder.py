"""Writes down what one process sees, while it sees it; decides nothing about it.

Hot columns are arrays; every second, or every 1,000 frames, they are screened for
credentials and handed to the operating system from a native thread.  If that ever
fails the streams stay unsealed and the run is ended: a recorder never loses in silence.
"""

from __future__ import annotations

import logging
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import gevent
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from gevent.event import Event
from gevent.threadpool import ThreadPool

from isolation_checks.history.credentials import Credentials
from isolation_checks.history.directory import add_json
from isolation_checks.history.stream import StreamWriter
from isolation_checks.records import FRAMES, STREAMS, SessionId

FLUSH_RECORDS = 1_000
FLUSH_SECONDS = 1.0
log = logging.getLogger(__name__)


class Onlooker(Protocol):
    """Looks at what is written, screened already, in the recorder's native thread."""

    def notes(self, stream: str, records: list[dict[str, Any]]) -> None:
        """Records of one of the slower streams."""
        ...

    def frames(
        self,
        first: int,
        sessions: npt.NDArray[np.int64],
        received_ns: npt.NDArray[np.int64],
        contents: list[bytes],
    ) -> None:
        """Frames, the first of which has this index in its stream."""
        ...


def prepare() -> None:
    """Have Arrow load now what it loads on first use.

    It is pandas, which takes up to seconds; in a run nothing else would go on meanwhile, and
    a master would take its worker for dead.
    """
    pa.array([None])


class _Frames:
    """The columns of frames that were received and not yet written.

    What is the same for all messages of one read stands once, with their number.
    """

    __slots__ = ("contents", "counts", "late", "opcodes", "received", "sessions")

    def __init__(self) -> None:
        self.sessions = array("q")
        self.received = array("q")
        self.late = array("q")
        self.counts = array("q")
        self.opcodes = array("b")
        self.contents: list[bytes] = []


class Recorder:
    """The history of one process in one run."""

    def __init__(
        self,
        folder: Path,
        credentials: Credentials,
        on_broken: Callable[[BaseException], None],
    ) -> None:
        folder.parent.mkdir(exist_ok=True, mode=0o700)
        folder.mkdir(mode=0o700)
        self.folder = folder
        self.credentials = credentials
        self.frames_seen = 0
        self._on_broken = on_broken
        self._broken = False
        self._ending = False
        self._writers = {
            name: StreamWriter(folder / f"{name}.arrow", schema) for name, schema in STREAMS.items()
        }
        self._frames = _Frames()
        self._written = 0
        self._notes: dict[str, list[dict[str, Any]]] = {name: [] for name in STREAMS}
        self._wake = Event()
        self._pool = ThreadPool(1)
        self.onlooker: Onlooker | None = None
        self._blinded: Exception | None = None
        self.on_written: Callable[[], None] = _nothing
        """Called in the loop's thread whenever something was written."""
        self._flusher = gevent.spawn(self._flushing)

    def frames(
        self,
        session: SessionId,
        received_ns: int,
        late_ns: int,
        opcodes: list[int],
        contents: list[bytes],
    ) -> None:
        """Record the messages of one read, in their order.

        Called from the hub: it may not block, and it does not.
        """
        frames = self._frames
        frames.sessions.append(session)
        frames.received.append(received_ns)
        frames.late.append(late_ns)
        frames.counts.append(len(contents))
        frames.opcodes.extend(opcodes)
        frames.contents += contents
        self.frames_seen += len(contents)
        if len(frames.contents) >= FLUSH_RECORDS:
            self._wake.set()

    def note(self, stream: str, **values: Any) -> None:  # noqa: ANN401 - a record's columns
        """Add a record to one of the slower streams, stamped now unless it says when."""
        values.setdefault("at_ns", time.monotonic_ns())
        self._notes[stream].append(values)

    def plant(self, records: list[dict[str, Any]]) -> None:
        """Record plantings; only when this has returned may the words be sent.

        They are handed to the operating system at once.

        Raises:
            HarnessError: it could not be done; the run is being ended.
        """
        now = time.monotonic_ns()
        batch = pa.RecordBatch.from_pylist(
            [{"at_ns": now, "conversation": None, "query": None, **record} for record in records],
            schema=STREAMS["plantings"],
        )
        try:
            self._writers["plantings"].write(batch)
        except Exception as error:
            self._break(error)
            raise

    def health(self, **values: Any) -> None:  # noqa: ANN401 - a record's columns
        """Record the generator's own health."""
        self.note("health", **values)

    def _flushing(self) -> None:
        while not (self._broken or self._ending):
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            self.flush()

    def flush(self) -> None:
        """Hand everything recorded so far to the operating system; blocks its greenlet."""
        frames, self._frames = self._frames, _Frames()
        notes, self._notes = self._notes, {name: [] for name in STREAMS}
        error = self._pool.apply(self._write, (frames, notes))
        if error is not None:
            self._break(error)
        else:
            self.on_written()
        if self._blinded is not None:
            log.warning("the live page is told no more, it broke: %r", self._blinded)
            self._blinded = None

    def seal(self, how: str) -> None:
        """Flush, end every stream, and write the seal: nothing comes after it."""
        self.abandon()
        if self._broken:
            return
        try:
            sealed = {name: writer.close() for name, writer in self._writers.items()}
            add_json(
                self.folder / "seal.json",
                {
                    "how": how,
                    "sealed_ns": time.monotonic_ns(),
                    "streams": msgspec.to_builtins(sealed),
                },
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the run must end
            self._break(error)

    def abandon(self) -> None:
        """Flush and write no more, and no seal: for a process that broke."""
        self._ending = True
        self._wake.set()
        self._flusher.join()  # a flush that is under way may yet fail
        if not self._broken:
            self.flush()

    def _break(self, error: BaseException) -> None:
        if not self._broken:
            self._broken = True
            self._on_broken(error)

    # -- below: in the native thread, where gevent must not be touched

    def _write(self, frames: _Frames, notes: dict[str, list[dict[str, Any]]]) -> Exception | None:
        """Write everything; what went wrong, which gevent would print as it is."""
        try:
            for stream, records in notes.items():
                if records:
                    schema = STREAMS[stream]
                    plain = [self._screened(record) for record in records]
                    self._writers[stream].write(pa.RecordBatch.from_pylist(plain, schema=schema))
                    self._shown("notes", stream, plain)
            for batch in self._batches(frames):
                self._writers["frames"].write(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run must end
            return error
        return None

    def _batches(self, frames: _Frames) -> Iterator[pa.RecordBatch]:
        """What was received, in batches that the processor's cache can hold."""
        counts = np.frombuffer(frames.counts, dtype=np.int64)
        columns = [
            np.repeat(np.frombuffer(column, dtype=np.int64), counts)
            for column in (frames.sessions, frames.received, frames.late)
        ]
        opcodes = np.frombuffer(frames.opcodes, dtype=np.int8)
        for start in range(0, len(opcodes), FLUSH_RECORDS):
            part = slice(start, start + FLUSH_RECORDS)
            contents = self._marked(frames.contents[part])
            first, self._written = self._written, self._written + len(contents)
            self._shown("frames", first, columns[0][part], columns[1][part], contents)
            yield pa.RecordBatch.from_arrays(
                [
                    pa.array(np.arange(first, self._written, dtype=np.int64)),
                    *(pa.array(column[part]) for column in columns),
                    pa.array(opcodes[part]),
                    _binary(contents),
                ],
                schema=FRAMES,
            )

    def _shown(self, what: str, *seen: Any) -> None:  # noqa: ANN401 - an onlooker's arguments
        """Let the onlooker look; if it cannot, it is told no more, and the evidence is whole."""
        if self.onlooker is None:
            return
        try:
            getattr(self.onlooker, what)(*seen)
        except Exception as error:  # noqa: BLE001 - whatever it is, the evidence must not suffer
            self.onlooker, self._blinded = None, error

    def _marked(self, contents: list[bytes]) -> list[bytes]:
        places = self.credentials.places(b"".join(contents))
        if not places:
            return contents
        marked = contents.copy()
        for at in set(np.searchsorted(np.cumsum(_lengths(contents)), places).tolist()):
            marked[at] = self.credentials.marked(contents[at])
        return marked

    def _screened(self, record: dict[str, Any]) -> dict[str, Any]:
        for name, value in record.items():
            if isinstance(value, str):
                raw = value.encode("utf-8", "replace")  # half a character cannot be stored
                record[name] = (
                    self.credentials.marked(raw) if self.credentials.suspects(raw) else raw
                ).decode("utf-8", "replace")
        return record


def _nothing() -> None:
    """Nobody wants to know."""


def _binary(contents: list[bytes]) -> pa.Array:
    ends = np.zeros(len(contents) + 1, dtype=np.int64)
    np.cumsum(_lengths(contents), out=ends[1:])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(contents))]
    return pa.Array.from_buffers(pa.large_binary(), len(contents), buffers)


def _lengths(contents: list[bytes]) -> npt.NDArray[np.int64]:
    return np.fromiter(map(len, contents), dtype=np.int64, count=len(contents))
