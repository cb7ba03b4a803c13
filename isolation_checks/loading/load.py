"""Loads a run: folds the streams, reads frames and rows once more, opens the relations.

Derived columns go to `cache/` as Parquet, which may be deleted at any time.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa
import pyarrow.parquet as pq

from isolation_checks import canary
from isolation_checks.dialects.events import dialect_of
from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading import history as histories
from isolation_checks.loading import overlap, rows
from isolation_checks.loading.frames import FRAMES, SIGHTINGS, FrameReader
from isolation_checks.loading.history import History, Query
from isolation_checks.loading.ownership import Ownership
from isolation_checks.loading.run import Relation, Run, query_table
from isolation_checks.records import QueryId

Progress = Callable[[str], None]
_Pair = tuple[pa.RecordBatch, pa.RecordBatch]


@contextmanager
def loaded(directory: RunDirectory, progress: Progress = lambda _: None) -> Iterator[Run]:
    """A run, loaded; its derived columns go when the context ends.

    Raises:
        HarnessError: `run.json` cannot be read.
        UsageError: the dialect's class cannot be found.
    """
    progress("reading the history")
    history = histories.load(directory)
    key = bytes.fromhex(history.description["canary_key"])
    ownership = Ownership(history, key, canary.run_number(history.description["run"]))
    directory.cache.mkdir(exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=directory.cache))
    connection = duckdb.connect()
    try:
        progress("reading the frames")
        reader = FrameReader(directory, ownership, dialect_of(history.plan.dialect))
        batches = (pair for process in history.processes for pair in reader.read(process))
        with _Derived(folder / "sightings.parquet", SIGHTINGS) as sightings:
            with _Derived(folder / "frames.parquet", FRAMES) as frames:
                _write(_echoes(batches, history), frames, sightings)
            progress("reading the rows")
            reading = rows.reading_of(directory.latest_in(directory.rows, "reading.json"))
            with _Derived(folder / "rows.parquet", rows.ROWS) as row_file:
                if reading is not None and history.plan.rows is not None:
                    _write(rows.read(reading, history.plan.rows, ownership), row_file, sightings)
        overlap.mark(_by_clock(history))

        def relation(name: str) -> Relation:
            return nw.from_native(connection.read_parquet(str(folder / f"{name}.parquet"))).lazy()

        yield Run(
            directory=directory,
            history=history,
            ownership=ownership,
            frames=relation("frames"),
            sightings=relation("sightings"),
            queries=nw.from_native(connection.from_arrow(query_table(history))).lazy(),
            rows=relation("rows"),
            reading=reading,
            unread=reader.unread,
            asked_for=frozenset(
                (act.principal, act.detail)
                for act in history.provocations
                if act.kind == "read" and act.detail is not None
            ),
        )
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


class _Derived(pq.ParquetWriter):  # type: ignore[misc] # pyarrow is untyped
    """A Parquet file of derived columns."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema, compression="zstd", compression_level=1)


def _write(pairs: Iterable[_Pair], first: pq.ParquetWriter, second: pq.ParquetWriter) -> None:
    for left, right in pairs:
        first.write_batch(left)
        if right.num_rows:
            second.write_batch(right)


def _echoes(pairs: Iterable[_Pair], history: History) -> Iterator[_Pair]:
    """Pass the batches on, and note which queries' answers held their own principal's words."""
    for frames, sightings in pairs:
        for query, owner in zip(
            sightings.column("query").to_pylist(),
            sightings.column("owner").to_pylist(),
            strict=True,
        ):
            asked = history.queries.get(QueryId(query)) if query else None
            if asked is not None and asked.principal == owner:
                asked.echoed = True
        yield frames, sightings


def _by_clock(history: History) -> list[list[Query]]:
    comparable = {process.id for process in history.processes if process.comparable}
    groups: dict[str, list[Query]] = {}
    for query in history.queries.values():
        clock = "here" if query.process in comparable else query.process
        groups.setdefault(clock, []).append(query)
    return list(groups.values())
