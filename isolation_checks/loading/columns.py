"""The columns of the relations that frames are read into, and their rows while they are read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from isolation_checks.dialects.correlate import By
from isolation_checks.records import Ending, PrincipalId, QueryId, SessionId

FRAMES = pa.schema(
    [
        pa.field("stream", pa.string()),
        pa.field("index", pa.int64()),
        pa.field("session", pa.int64()),
        pa.field("principal", pa.string()),
        pa.field("at_s", pa.float64()),
        pa.field("late_s", pa.float64()),
        pa.field("opcode", pa.int8()),
        pa.field("channel", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("query", pa.string()),
        pa.field("placed_by", pa.string()),
        pa.field("ending", pa.string()),
        pa.field("label_query", pa.string()),
        pa.field("query_owner", pa.string()),
        pa.field("conversation", pa.string()),
        pa.field("label_owner", pa.string()),
        pa.field("named_session", pa.string()),
        pa.field("sequence", pa.int64()),
        pa.field("open", pa.bool_()),
        pa.field("unread", pa.bool_()),
    ]
)
SIGHTINGS = pa.schema(
    [
        pa.field("stream", pa.string()),
        pa.field("index", pa.int64()),
        pa.field("channel", pa.string()),
        pa.field("session", pa.int64()),
        pa.field("principal", pa.string()),
        pa.field("at_s", pa.float64()),
        pa.field("kind", pa.string()),
        pa.field("query", pa.string()),
        pa.field("label_owner", pa.string()),
        pa.field("canary", pa.string()),
        pa.field("owner", pa.string()),
        pa.field("planted_query", pa.string()),
        pa.field("planted", pa.bool_()),
        pa.field("earlier", pa.bool_()),
        pa.field("how", pa.string()),
        pa.field("foreign", pa.bool_()),
        pa.field("identity", pa.bool_()),
    ]
)


class Frame(msgspec.Struct, gc=False):
    """One row of `frames`; its fields stand in the order of the columns."""

    stream: str
    index: int
    session: SessionId
    principal: PrincipalId
    at_s: float
    late_s: float
    opcode: int
    channel: str
    kind: str | None
    query: QueryId | None
    placed_by: By | None
    ending: Ending | None
    label_query: str | None
    query_owner: PrincipalId | None
    conversation: str | None
    label_owner: PrincipalId | None
    named_session: str | None
    sequence: int | None
    open: bool
    unread: bool
    """The dialect made nothing of it, and it is long enough to hold words."""


class Sighting(msgspec.Struct, gc=False, kw_only=True):
    """One row of `sightings`; its fields stand in the order of the columns."""

    stream: str
    index: int
    channel: str
    session: SessionId
    principal: PrincipalId
    at_s: float
    kind: str | None
    query: QueryId | None
    label_owner: PrincipalId | None
    canary: str
    owner: PrincipalId | None
    planted_query: QueryId | None = None
    planted: bool = False
    earlier: bool = False
    how: str
    foreign: bool = False
    identity: bool = False


def table(rows: Sequence[msgspec.Struct], schema: pa.Schema) -> pa.RecordBatch:
    """Rows as a batch of these columns."""
    if not rows:
        return pa.RecordBatch.from_pylist([], schema=schema)
    columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
    arrays = [pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
