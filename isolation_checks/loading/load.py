"""Loads a run from its directory, over DuckDB.

Derived columns go to `cache/` as Parquet, which may be deleted at any time.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa
import pyarrow.parquet as pq

from isolation_checks.history.directory import RunDirectory
from isolation_checks.history.stream import evidence
from isolation_checks.loading import fold, rows
from isolation_checks.loading.columns import FRAMES, SIGHTINGS
from isolation_checks.loading.derive import Progress, derived
from isolation_checks.loading.run import CONVERSATIONS, QUERIES, Relation, Run

SCHEMAS: Mapping[str, pa.Schema] = {
    "frames": FRAMES,
    "sightings": SIGHTINGS,
    "rows": rows.ROWS,
    "queries": QUERIES,
    "conversations": CONVERSATIONS,
}


@contextmanager
def loaded(directory: RunDirectory, progress: Progress = lambda _: None) -> Iterator[Run]:
    """A run, loaded; its derived columns go when the context ends.

    Raises:
        HarnessError: `run.json` cannot be read.
        UsageError: the dialect's class cannot be found.
    """
    progress("reading the history")
    history = fold.load(directory)
    newest = directory.latest_in(directory.rows, "reading.json")
    reading = rows.reading_of(newest, history.plan.rows)
    directory.cache.mkdir(exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=directory.cache))
    tables = _Parquet(folder)
    try:
        yield derived(history, evidence(directory.path), reading, tables, progress)
    finally:
        tables.close()
        shutil.rmtree(folder, ignore_errors=True)


class _Parquet:
    """Relations in Parquet files, which DuckDB reads out of core."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # what does not fit into memory goes where the run is, not where somebody stands
        self._connection = duckdb.connect(config={"temp_directory": str(folder / "spilled")})
        self._writers = {
            name: pq.ParquetWriter(
                folder / f"{name}.parquet", schema, compression="zstd", compression_level=1
            )
            for name, schema in SCHEMAS.items()
        }

    def add(self, name: str, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            self._writers[name].write_batch(batch)

    def relation(self, name: str) -> Relation:
        self._writers[name].close()
        path = str(self._folder / f"{name}.parquet")
        return nw.from_native(self._connection.read_parquet(path)).lazy()

    def close(self) -> None:
        self._connection.close()
        for writer in self._writers.values():
            writer.close()
