"""Reads the platform's rows into a run: once settled, in one snapshot a database, bounded.

What could not be read, or was left out, is written down beside what was; deciding
what that means is the checks' affair.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from isolation_checks.errors import HarnessError
from isolation_checks.history.credentials import Credentials
from isolation_checks.history.directory import RunDirectory, add_json, read_json
from isolation_checks.history.stream import StreamWriter
from isolation_checks.plan import read
from isolation_checks.plan.tables.rows import Rows, Table
from isolation_checks.rows import screening, sources

SCHEMA = "crosstalk.rows/2"
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
    plan = read.decode(description["plan"])
    rows = plan.rows
    if rows is None:
        return None
    since_s = datetime.fromisoformat(description["started_at"]).timestamp() - SKEW_SECONDS
    folder = directory.next_in(directory.rows)
    said: dict[str, Any] = {"schema": SCHEMA, "databases": [], "tables": {}}
    places: dict[str, _Place] = {}
    try:
        for reference in rows.urls:
            places[reference] = _place(rows, reference, since_s, wall)
        said["settled"], said["settling_s"] = _settle(rows, places.values(), clock, sleep)
        known = screening.screen(directory, plan)
        for place in places.values():
            said["databases"].append(_read(rows, place, folder, said["tables"], known))
    except Exception as error:  # noqa: BLE001 - whatever the driver raises: unreadable is data
        said["problem"] = _private(f"{type(error).__name__}: {error}", rows)
    add_json(folder / "reading.json", said)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A database, which of the plan's tables lie in it, and since when its rows count."""

    url: str
    tables: tuple[Table, ...]
    behind_s: float | None
    since_s: float


def _place(rows: Rows, reference: str, since_s: float, wall: Callable[[], float]) -> _Place:
    url = sources.resolved(reference)
    tables = tuple(table for table in rows.tables if rows.url_of(table) == reference)
    for table in tables:
        if bool(table.keys) != (sources.engine_of(url) == "redis"):
            raise LookupError(
                f"table {table.name} has {'keys' if table.keys else 'no keys'} and lies in "
                f"{sources.engine_of(url)}; tables in Redis have keys, and no others"
            )
    behind_s = _behind(url, wall)
    return _Place(
        url=url,
        tables=tables,
        behind_s=behind_s,
        since_s=since_s - max(0.0, behind_s or 0.0),
    )


def _behind(url: str, wall: Callable[[], float]) -> float | None:
    """By how much the database's clock is behind ours; None where it has none of its own."""
    with sources.opened(url) as database:
        before = wall()
        there = database.clock()
    return None if there is None else before - there


def _settle(
    rows: Rows,
    places: Collection[_Place],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> tuple[bool, float]:
    """Wait until the counts have not changed for the plan's `settle`; whether they did.

    Of rows, and of those among them that say that their operation is over: a platform may
    write that down later than it says so.
    """
    began = changed = clock()
    last = _counts(places)
    while clock() - changed < rows.settle:
        if clock() - began > rows.settle_limit:
            return False, clock() - began
        sleep(LOOK_SECONDS)
        now = _counts(places)
        if now != last:
            last, changed = now, clock()
    return True, clock() - began


def _counts(places: Collection[_Place]) -> list[int]:
    counts: list[int] = []
    for place in places:
        with sources.opened(place.url) as database:
            for table in place.tables:
                counts += [
                    database.count(table, place.since_s),
                    database.over(table, place.since_s),
                ]
    return counts


def _read(
    rows: Rows, place: _Place, folder: Path, tables: dict[str, Any], screen: Credentials
) -> dict[str, Any]:
    """Read a database's tables, say in `tables` how each went, and of the database what it is."""
    with sources.opened(place.url) as database:
        for table in place.tables:
            writer = StreamWriter(folder / f"{table.name}.arrow", ROW_SCHEMA)
            left = rows.limit
            more = False
            for batch in database.read(table, place.since_s, rows.limit + 1):
                more = more or batch.num_rows > left
                kept = batch.slice(0, left)
                left -= kept.num_rows
                if kept.num_rows:
                    writer.write(_screened(kept, screen))
            sealed = writer.close()
            tables[table.name] = {
                "records": sealed.records,
                "sha256": sealed.sha256,
                "more": more or database.cut,
                "bounded": table.time is not None,
                "texts": _text_names(table),
            }
        return {
            "engine": sources.engine_of(place.url),
            "snapshot": database.snapshot,
            "clock_behind_s": place.behind_s,
            "since_s": place.since_s,
            "tables": [table.name for table in place.tables],
        }


def _private(text: str, rows: Rows) -> str:
    """An error's text without any of the plan's databases' addresses."""
    for reference in rows.urls:
        try:
            text = sources.without_secrets(text, sources.resolved(reference))
        except LookupError:
            text = sources.without_secrets(text, "")
    return text


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
    """What a reading says of itself.

    Raises:
        HarnessError: it cannot be read, or another version wrote it.
    """
    said = read_json(folder / "reading.json")
    if said.get("schema", SCHEMA) != SCHEMA:
        raise HarnessError(f"another version of Crosstalk read the rows: {said['schema']!r}")
    return said
