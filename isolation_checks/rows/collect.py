"""Reads the platform's rows into a run: once settled, in one snapshot, bounded.

What could not be read, or was left out, is written down beside what was; deciding
what that means is the checks' affair.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from isolation_checks.history.credentials import Credentials
from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.history.stream import StreamWriter
from isolation_checks.plan import read
from isolation_checks.plan.tables.rows import Rows, Table
from isolation_checks.rows import sources, ways

SKEW_SECONDS = 60.0
"""How far the database's clock may be behind ours before its rows are missed."""
LOOK_SECONDS = 0.5
ROW_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string()),
        pa.field("owner", pa.string()),
        pa.field("conversation", pa.string()),
        pa.field("conversation_owner", pa.string()),
        pa.field("query", pa.string()),
        pa.field("time", pa.string()),
        pa.field("finished", pa.string()),
        pa.field("texts", pa.list_(pa.string())),
    ]
)
_FIXED = ROW_SCHEMA.names[:-1]


def collect(
    directory: RunDirectory,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    wall: Callable[[], float] = time.time,
) -> Path | None:
    """Read the rows that the run's plan describes; the new folder, or None if it has none.

    A database that cannot be read leaves a reading that says so.
    """
    description = directory.describe()
    rows = read.decode(description["plan"]).rows
    if rows is None:
        return None
    since_s = datetime.fromisoformat(description["started_at"]).timestamp() - SKEW_SECONDS
    folder = directory.next_in(directory.rows)
    said: dict[str, Any] = {"schema": "crosstalk.rows/1", "tables": {}}
    url = ""
    try:
        url = sources.resolved(rows.url)
        said["engine"] = sources.engine_of(url)
        said["clock_behind_s"] = behind_s = _behind(url, wall)
        said["since_s"] = since_s = since_s - max(0.0, behind_s or 0.0)
        said["settled"], said["settling_s"] = _settle(rows, url, since_s, clock, sleep)
        _read(rows, url, since_s, folder, said)
    except Exception as error:  # noqa: BLE001 - whatever the driver raises: unreadable is data
        said["problem"] = sources.without_secrets(f"{type(error).__name__}: {error}", url)
    add_json(folder / "reading.json", said)
    return folder


def _settle(
    rows: Rows,
    url: str,
    since_s: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> tuple[bool, float]:
    """Wait until the counts have not changed for the plan's `settle`; whether they did."""
    began = changed = clock()
    last = _counts(rows, url, since_s)
    while clock() - changed < rows.settle:
        if clock() - began > rows.settle_limit:
            return False, clock() - began
        sleep(LOOK_SECONDS)
        now = _counts(rows, url, since_s)
        if now != last:
            last, changed = now, clock()
    return True, clock() - began


def _behind(url: str, wall: Callable[[], float]) -> float | None:
    """By how much the database's clock is behind ours; None where it has none of its own."""
    asked = ways.clock(sources.engine_of(url))
    if asked is None:
        return None
    with sources.snapshot(url) as cursor:
        before = wall()
        cursor.execute(asked)
        there = float(cursor.fetchone()[0])
    return before - there


def _counts(rows: Rows, url: str, since_s: float) -> list[int]:
    engine = sources.engine_of(url)
    with sources.snapshot(url) as cursor:
        counts = []
        for table in rows.tables:
            cursor.execute(ways.count(table, engine, since_s))
            counts.append(int(cursor.fetchone()[0]))
    return counts


def _read(rows: Rows, url: str, since_s: float, folder: Path, said: dict[str, Any]) -> None:
    engine = sources.engine_of(url)
    screen = Credentials(secrets.token_bytes(32))
    with sources.snapshot(url) as cursor:
        for table in rows.tables:
            writer = StreamWriter(folder / f"{table.name}.arrow", ROW_SCHEMA)
            cursor.execute(ways.select(table, engine, since_s, rows.limit + 1))
            left = rows.limit
            more = False
            for batch in cursor.fetch_record_batch():
                more = more or batch.num_rows > left
                kept = batch.slice(0, left)
                left -= kept.num_rows
                if kept.num_rows:
                    writer.write(_screened(kept, screen))
            sealed = writer.close()
            said["tables"][table.name] = {
                "records": sealed.records,
                "sha256": sealed.sha256,
                "more": more,
                "bounded": table.time is not None,
                "texts": _text_names(table),
            }


def _text_names(table: Table) -> list[str]:
    return [*table.text, *table.json]


def _screened(batch: pa.RecordBatch, screen: Credentials) -> pa.RecordBatch:
    """The batch in the shape that is kept, with credentials marked."""

    def marked(name: str) -> list[str | None]:
        texts = batch.column(name).cast(pa.string()).to_pylist()
        return [None if text is None else screen.marked_text(text) for text in texts]

    fixed = [pa.array(marked(name), type=pa.string()) for name in _FIXED]
    names = [name for name in batch.schema.names if name.startswith("text_")]
    texts = [list(row) for row in zip(*map(marked, names), strict=True)] or [[]] * batch.num_rows
    return pa.RecordBatch.from_arrays(
        [*fixed, pa.array(texts, type=pa.list_(pa.string()))], schema=ROW_SCHEMA
    )


def read_said(folder: Path) -> dict[str, Any]:
    """What a reading says of itself."""
    said: dict[str, Any] = json.loads((folder / "reading.json").read_text(encoding="utf-8"))
    return said
