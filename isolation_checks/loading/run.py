"""A loaded run: relations for checks to ask, and the places that a witness points at.

The relations are lazy narwhals frames over whatever engine holds them; the smaller
nouns are plain Python.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import pyarrow as pa

from isolation_checks.history.stream import Evidence
from isolation_checks.loading.facts import Facts
from isolation_checks.loading.history import History
from isolation_checks.loading.ownership import Ownership
from isolation_checks.loading.rows import Reading
from isolation_checks.records import Opcode, PrincipalId, QueryId

Relation = nw.LazyFrame[Any]

QUERIES = pa.schema(
    [
        pa.field("query", pa.string()),
        pa.field("principal", pa.string()),
        pa.field("session", pa.int64()),
        pa.field("conversation", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("due_s", pa.float64()),
        pa.field("sent_s", pa.float64()),
        pa.field("first_s", pa.float64()),
        pa.field("done_s", pa.float64()),
        pa.field("over_s", pa.float64()),
        pa.field("ending", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("echoed", pa.bool_()),
        pa.field("overlapped", pa.bool_()),
    ]
)


CONVERSATIONS = pa.schema(
    [pa.field("conversation", pa.string()), pa.field("conversation_owner", pa.string())]
)


@dataclass(slots=True, kw_only=True)
class Run:
    """Everything that a check may ask of a run."""

    evidence: Evidence
    history: History
    ownership: Ownership
    frames: Relation
    sightings: Relation
    probed_frames: Relation
    """The frames of sessions that probes opened, which are in no other relation; and what
    was sighted in them."""
    probed_sightings: Relation
    queries: Relation
    conversations: Relation
    """The platform's ids of conversations that are known to be one principal's."""
    rows: Relation
    reading: Reading | None
    """The reading of the platform's rows; None when there is none."""
    facts: Facts
    """What is known of personas, and where others were told it."""
    unread: int = 0
    asked_for: frozenset[tuple[PrincipalId, str]] = frozenset()
    """Conversations that a principal itself had asked for by their id: that the platform
    repeats the id to it proves nothing."""

    def query_named_in(self, frame: Mapping[str, Any]) -> QueryId | None:
        """The query of ours that a frame is about, whoever received it."""
        if frame.get("label_query") in self.history.queries:
            return QueryId(frame["label_query"])
        return None

    def content(self, stream: str, index: int) -> str:
        """The text at a place of the history; empty where the evidence is gone."""
        return self.contents(stream, [index]).get(index, "")

    def contents(self, stream: str, indexes: Collection[int]) -> dict[int, str]:
        """The texts at several places of a stream, which is gone through once."""
        wanted = sorted(indexes)
        found: dict[int, str] = {}
        seen = 0
        for batch in self.evidence(stream):
            if len(found) == len(wanted):
                break
            for index in wanted[len(found) :]:
                if index >= seen + batch.num_rows:
                    break
                found[index] = _text(batch.slice(index - seen, 1).to_pylist()[0])
            seen += batch.num_rows
        return found


def _text(record: Mapping[str, Any]) -> str:
    """What a frame or a row says."""
    if "content" in record:
        content: bytes = record["content"]
        return content.decode("utf-8", "replace")
    return " ".join(text for text in record["texts"] if text)


def query_table(history: History) -> pa.Table:
    """The queries of a run as a table."""
    return pa.Table.from_pylist(
        [
            {
                "query": query.id,
                "principal": query.principal,
                "session": query.session,
                "conversation": query.conversation,
                "kind": query.kind,
                "due_s": query.due_s,
                "sent_s": query.sent_s,
                "first_s": query.first_s,
                "done_s": query.done_s,
                "over_s": query.over_s,
                "ending": query.ending,
                "reason": query.reason,
                "echoed": query.echoed,
                "overlapped": query.overlapped,
            }
            for query in history.queries.values()
        ],
        schema=QUERIES,
    )


def count(relation: Relation) -> int:
    """How many records a relation has."""
    return int(relation.select(nw.len().alias("n")).collect().item(0, "n"))


def records(relation: Relation, *by: str, limit: int | None = None) -> list[dict[str, Any]]:
    """A relation's records as dicts, in the order of these columns."""
    ordered = relation.sort(*by) if by else relation
    kept = ordered.head(limit) if limit is not None else ordered
    collected = kept.collect().to_arrow()
    plain: list[dict[str, Any]] = collected.to_pylist()
    return plain


def groups_of(found: Iterable[dict[str, Any]], *keys: str) -> list[list[dict[str, Any]]]:
    """Records with equal keys, in the order in which they came."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for record in found:
        groups.setdefault(tuple(record[name] for name in keys), []).append(record)
    return list(groups.values())


CONTROL = tuple(int(opcode) for opcode in (Opcode.CLOSE, Opcode.PING, Opcode.PONG))
