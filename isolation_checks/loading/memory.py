"""Relations in memory, for records that are few enough."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from isolation_checks.loading.load import SCHEMAS
from isolation_checks.loading.run import Relation


class InMemory:
    """Holds the relations of a run as Arrow tables, over DuckDB."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._batches: dict[str, list[pa.RecordBatch]] = {name: [] for name in SCHEMAS}

    def add(self, name: str, batch: pa.RecordBatch) -> None:
        """Append to a relation."""
        self._batches[name].append(batch)

    def relation(self, name: str) -> Relation:
        """A relation, when nothing more will be added to any."""
        table = pa.Table.from_batches(self._batches[name], schema=SCHEMAS[name])
        return nw.from_native(self._connection.from_arrow(table)).lazy()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
