"""What breaks are planted into: a run's records, or of a big one those of some principals.

What a frame is read as depends on nothing but earlier frames of its own principal's
sessions and on what that principal asked and was given; so the records of some principals,
from their beginning on, are read as they are among those of all.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Source = Callable[[str], Iterable[pa.RecordBatch]]
Record = dict[str, Any]
_BATCH = 1_000
_OWNED = ("principals", "sessions", "queries", "plantings", "provocations")
"""The streams that say of every record whose it is."""


@dataclass(slots=True, kw_only=True)
class Extract:
    """The records of some principals, by stream, and how they are laid out."""

    processes: tuple[str, ...]
    tables: Mapping[str, int]
    """The streams of rows, and which of a row's texts is the first that is JSON."""
    records: dict[str, list[Record]] = field(default_factory=dict)
    schemas: dict[str, pa.Schema] = field(default_factory=dict)

    def of(self, process: str, stream: str) -> list[Record]:
        """The records of a stream of a process's."""
        return self.records.get(f"history/{process}/{stream}", [])

    def everywhere(self, stream: str) -> Iterator[Record]:
        """The records of a stream of all processes."""
        for process in self.processes:
            yield from self.of(process, stream)

    def batches(self, name: str) -> Iterator[pa.RecordBatch]:
        """A stream as it would be read from a run."""
        records = self.records.get(name, [])
        for start in range(0, len(records), _BATCH):
            part = records[start : start + _BATCH]
            yield pa.RecordBatch.from_pylist(part, schema=self.schemas[name])


def extract(  # noqa: PLR0913 - what of a run, and how much of it
    source: Source,
    *,
    processes: Sequence[str],
    tables: Mapping[str, int],
    drawn: random.Random,
    frames: int,
    octets: int,
) -> Extract:
    """The records of as many principals as have about so many frames, drawn at random.

    Of those whose frames are too many, or too long, the first are taken.
    """
    taken = Extract(processes=tuple(processes), tables=tables)
    whose: dict[str, Mapping[int, str]] = {}
    counts: Counter[str] = Counter()
    for process in processes:
        stream = f"history/{process}/sessions"
        whose[process] = {
            record["session"]: record["principal"]
            for batch in source(stream)
            for record in batch.select(["session", "principal"]).to_pylist()
        }
        for batch in source(f"history/{process}/frames"):
            for each in pc.value_counts(batch.column("session")).to_pylist():
                if each["values"] in whose[process]:
                    counts[whose[process][each["values"]]] += each["counts"]
    chosen = _chosen(counts, set().union(*(w.values() for w in whose.values())), drawn, frames)
    for process in processes:
        for stream in _OWNED:
            _take(taken, source, f"history/{process}/{stream}", "principal", chosen)
        sessions = [session for session, who in whose[process].items() if who in chosen]
        share = max(1, len(processes))
        limits = (2 * frames // share, octets // share)
        _take(taken, source, f"history/{process}/frames", "session", sessions, limits)
    for table in tables:
        _take_rows(taken, source, table, frames)
    return taken


def _chosen(
    counts: Mapping[str, int], everybody: set[str], drawn: random.Random, frames: int
) -> set[str]:
    """Everybody, or as many as have so many frames and are two at least."""
    if sum(counts.values()) <= frames:
        return everybody
    order = sorted(everybody)
    drawn.shuffle(order)
    chosen: set[str] = set()
    total = 0
    for principal in order:
        if total >= frames and len(chosen) > 1:
            break
        chosen.add(principal)
        total += counts[principal]
    return chosen


def _take(  # noqa: PLR0913, PLR0917 - what of what, and how much of it
    taken: Extract,
    source: Source,
    name: str,
    column: str,
    values: Collection[Any],
    limits: tuple[int, int] | None = None,
) -> None:
    """Take the records of a stream with one of these values in a column."""
    records = taken.records.setdefault(name, [])
    octets = 0
    for batch in source(name):
        taken.schemas[name] = batch.schema
        kinds = batch.schema.field(column).type
        kept = batch.filter(pc.is_in(batch.column(column), pa.array(list(values), kinds)))
        for record in kept.to_pylist():
            if limits is not None:
                octets += len(record["content"])
                if len(records) >= limits[0] or octets > limits[1]:
                    return
            records.append(record)


def _take_rows(taken: Extract, source: Source, name: str, most: int) -> None:
    records = taken.records.setdefault(name, [])
    for batch in source(name):
        taken.schemas[name] = batch.schema
        records += batch.slice(0, most - len(records)).to_pylist()
        if len(records) >= most:
            return
