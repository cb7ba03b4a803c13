"""From a history and its streams to a run that checks can ask: the derived columns.

It opens no file and chooses no engine: `Tables` says what holds the relations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import narwhals.stable.v2 as nw
import pyarrow as pa

from isolation_checks import canary, probing
from isolation_checks.dialects.events import dialect_of
from isolation_checks.history.stream import Evidence
from isolation_checks.loading import overlap, rows
from isolation_checks.loading.frames import FrameReader
from isolation_checks.loading.history import History, Query
from isolation_checks.loading.ownership import Ownership
from isolation_checks.loading.rows import Reading
from isolation_checks.loading.run import CONVERSATIONS, Relation, Run, query_table
from isolation_checks.records import QueryId

Progress = Callable[[str], None]


class Tables(Protocol):
    """What holds the relations: `frames`, `sightings`, `rows`, `queries`, `conversations`."""

    def add(self, name: str, batch: pa.RecordBatch) -> None:
        """Append to a relation."""
        ...

    def relation(self, name: str) -> Relation:
        """A relation, when nothing more will be added to any."""
        ...


def derived(
    history: History,
    evidence: Evidence,
    reading: Reading | None,
    tables: Tables,
    progress: Progress = lambda _: None,
) -> Run:
    """The run that a history and its streams tell.

    Raises:
        UsageError: the dialect's class cannot be found.
    """
    description = history.description
    key = bytes.fromhex(description["canary_key"])
    ownership = Ownership(history, key, canary.run_number(description["run"]))
    reader = FrameReader(ownership, dialect_of(history.plan.dialect))
    progress("reading the frames")
    for process in history.processes:
        for frames, sightings in _echoes(reader.read(process, evidence), history):
            tables.add("frames", frames)
            tables.add("sightings", sightings)
    if reading is not None and history.plan.rows is not None:
        progress("reading the rows")
        described, facts = history.plan.rows, reader.facts
        for batch, sightings in rows.read(reading, described, ownership, evidence, facts):
            tables.add("rows", batch)
            tables.add("sightings", sightings)
    overlap.mark(_by_clock(history), ownership.circle)
    for batch in query_table(history).to_batches():
        tables.add("queries", batch)
    owned = [(name, ownership.conversation_owner(name)) for name in ownership.claims]
    columns = [pa.array(column, pa.string()) for column in zip(*owned, strict=True)]
    if columns:
        tables.add("conversations", pa.RecordBatch.from_arrays(columns, schema=CONVERSATIONS))
    frames, sightings = tables.relation("frames"), tables.relation("sightings")
    probed = nw.col("channel") == probing.CHANNEL
    return Run(
        evidence=evidence,
        history=history,
        ownership=ownership,
        frames=frames.filter(~probed),
        sightings=sightings.filter(~probed),
        probed_frames=frames.filter(probed),
        probed_sightings=sightings.filter(probed),
        queries=tables.relation("queries"),
        conversations=tables.relation("conversations").filter(
            ~nw.col("conversation_owner").is_null()
        ),
        rows=tables.relation("rows"),
        reading=reading,
        facts=reader.facts,
        unread=reader.unread,
        asked_for=frozenset(
            (act.principal, act.detail)
            for act in history.provocations
            if act.kind == "read" and act.detail is not None
        ),
    )


_Pair = tuple[pa.RecordBatch, pa.RecordBatch]


def _echoes(pairs: Iterable[_Pair], history: History) -> Iterator[_Pair]:
    """Pass the batches on, and note which queries' answers held their own principal's words."""
    for frames, sightings in pairs:
        queries, owners = (sightings.column(name).to_pylist() for name in ("query", "owner"))
        planted = sightings.column("planted").to_pylist()
        for query, owner, told in zip(queries, owners, planted, strict=True):
            asked = history.queries.get(QueryId(query)) if query else None
            if asked is not None and told and asked.principal == owner:
                asked.echoed = True
        yield frames, sightings


def _by_clock(history: History) -> list[list[Query]]:
    comparable = {process.id for process in history.processes if process.comparable}
    groups: dict[str, list[Query]] = {}
    for query in history.queries.values():
        clock = "here" if query.process in comparable else query.process
        groups.setdefault(clock, []).append(query)
    return list(groups.values())
