"""One append-only stream of records: Arrow IPC that survives a kill, and its digest.

A stream that breaks off still yields its whole batches; one that was cut between
two batches looks complete, which is why a process seals its streams at the end.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from isolation_checks.errors import HarnessError

Evidence = Callable[[str], Iterable[pa.RecordBatch]]
"""The batches of a stream of a run by its name, such as `history/p0/frames`; none where
there is no such stream."""


class _Hashed(io.RawIOBase):
    """A new file that is written straight to the operating system and hashed on the way."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self.digest = hashlib.sha256()
        self.octets = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        whole = memoryview(data).cast("B")  # type: ignore[arg-type] # Arrow hands over buffers
        rest = whole
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self.digest.update(whole)
        self.octets += len(whole)
        return len(whole)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a seal says of one stream."""

    records: int
    octets: int
    sha256: str


class StreamWriter:
    """Writes one stream; `close` returns what the seal says of it."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self._records = 0
        try:
            self._file = _Hashed(path)
            self._writer = pa.ipc.new_stream(self._file, schema)
        except OSError as error:
            raise HarnessError(f"cannot write {path}: {error.strerror}") from error
        self._path = path

    def write(self, batch: pa.RecordBatch) -> None:
        """Hand a batch to the operating system.

        Raises:
            HarnessError: it could not be written whole.
        """
        try:
            self._writer.write_batch(batch)
        except OSError as error:
            raise HarnessError(f"cannot write {self._path}: {error.strerror or error}") from error
        self._records += batch.num_rows

    def close(self) -> Sealed:
        """End the stream."""
        try:
            self._writer.close()
        except OSError as error:
            raise HarnessError(f"cannot write {self._path}: {error.strerror or error}") from error
        self._file.close()
        return Sealed(
            records=self._records,
            octets=self._file.octets,
            sha256=self._file.digest.hexdigest(),
        )


_BROKEN = (StopIteration, pa.ArrowException, OSError, MemoryError, UnicodeDecodeError)
"""What Arrow raises where a stream ends, or is not what was written."""


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The whole batches of a stream, in order; it ends where the stream breaks off."""
    with pa.memory_map(str(path)) as source:
        try:
            reader = pa.ipc.open_stream(source)
            reader.schema.names  # noqa: B018 - they are decoded here, or not at all
        except _BROKEN:
            return
        while True:
            try:
                batch = reader.read_next_batch()
                batch.validate(full=True)
            except _BROKEN:
                return
            yield batch


def evidence(run: Path) -> Evidence:
    """The streams of the run in this directory."""

    def found(name: str) -> Iterator[pa.RecordBatch]:
        path = run / f"{name}.arrow"
        return batches(path) if path.exists() else iter(())

    return found


def digest(path: Path) -> tuple[int, str]:
    """The length and SHA-256 of a file as it is now."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
