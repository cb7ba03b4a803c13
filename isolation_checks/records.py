"""The vocabulary of a history: identifiers, endings, and the columns of every stream.

Each stream of a process's history is a table that is only ever appended to.
The schemas here are the only definition of its columns; times are in
nanoseconds of the monotonic clock of the process that wrote them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import NewType

import pyarrow as pa

RunId = NewType("RunId", str)
ProcessId = NewType("ProcessId", str)
PrincipalId = NewType("PrincipalId", str)
"""Our name of an identity, unique in a run: `ana-07`."""
SessionId = NewType("SessionId", int)
"""One WebSocket (or the HTTP side) of one principal: process slot << 32 | serial."""
QueryId = NewType("QueryId", str)
ConversationLabel = NewType("ConversationLabel", str)
"""Our own name of a conversation; the platform's id for it is learned."""
Nanoseconds = NewType("Nanoseconds", int)


class Ending(enum.StrEnum):
    """How a query ended: it certainly took effect, certainly did not, or nobody can say."""

    OK = "ok"
    FAIL = "fail"
    INFO = "info"


class Reason(enum.StrEnum):
    """Why a query ended as it did, where the platform's own word does not say it."""

    COMPLETED = "completed"
    TIMEOUT = "timeout"
    SESSION_LOST = "session lost"
    GIVEN_UP = "given up by us"
    RUN_ENDED = "run ended"
    NOT_SENT = "not sent"
    NOT_IN_TIME = "not sent in time"
    """It was due, and no session was free for it until its time was up."""


NEVER_SENT = (Reason.NOT_SENT, Reason.NOT_IN_TIME)
"""Queries of which the platform never heard."""


class Kind(enum.StrEnum):
    """What a query is for."""

    QUESTION = "question"
    REMEMBER = "remember"
    RECALL = "recall"
    CANCELLED = "cancelled"
    """One that we ask the platform to give up."""
    FAILING = "failing"
    """One that the platform cannot answer, and we know it."""
    SAME_ID = "same id"
    """One that somebody else's has the id of, as the platform hears it."""
    RESUMED = "resumed"
    """One whose connection we drop in mid-answer, to take its session up on another."""
    OUTLIVED = "outlived"
    """One over a session whose login ends meanwhile, or has ended."""
    READ_LATE = "read late"
    """One whose answer we do not read for a while."""
    SLOW = "slow"
    """One that takes the platform long, and we know it."""
    IMPATIENT = "impatient"
    """One that we stop waiting for."""


PROVOKED = frozenset(Kind) - {Kind.QUESTION, Kind.REMEMBER, Kind.RECALL}
"""Kinds of queries that we cut off, or make fail, on purpose, or that a platform may refuse
for what we do: no objective counts them."""


class Opcode(enum.IntEnum):
    """What kind of message a frame is: WebSocket's own numbers, and one for HTTP's bodies."""

    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10
    HTTP = 100


_text = pa.string()
_ns = pa.int64()


def _schema(*columns: tuple[str, pa.DataType, bool]) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=nullable) for name, kind, nullable in columns])


PRINCIPALS = _schema(
    ("at_ns", _ns, False),
    ("principal", _text, False),
    ("owner", pa.int32(), False),
    ("role", _text, False),
    ("tenant", _text, True),
    ("subject", _text, True),
    ("email", _text, True),
)
SESSIONS = _schema(
    ("at_ns", _ns, False),
    ("session", pa.int64(), False),
    ("principal", _text, False),
    ("channel", _text, False),
    ("step", _text, False),
    ("code", pa.int32(), True),
    ("by", _text, True),
    ("detail", _text, True),
    ("due_ns", _ns, True),
)
QUERIES = _schema(
    ("at_ns", _ns, False),
    ("step", _text, False),
    ("query", _text, False),
    ("session", pa.int64(), False),
    ("principal", _text, False),
    ("conversation", _text, False),
    ("kind", _text, False),
    ("text", _text, True),
    ("named", _text, True),
    ("due_ns", _ns, True),
    ("sent_ns", _ns, True),
    ("first_ns", _ns, True),
    ("done_ns", _ns, True),
    ("late_ns", _ns, True),
    ("ending", _text, True),
    ("reason", _text, True),
)
FRAMES = _schema(
    ("index", pa.int64(), False),
    ("session", pa.int64(), False),
    ("received_ns", _ns, False),
    ("late_ns", _ns, False),
    ("opcode", pa.int8(), False),
    ("content", pa.large_binary(), False),
)
PLANTINGS = _schema(
    ("at_ns", _ns, False),
    ("canary", _text, False),
    ("kind", _text, False),
    ("principal", _text, False),
    ("place", _text, False),
    ("conversation", _text, True),
    ("query", _text, True),
)
PROVOCATIONS = _schema(
    ("at_ns", _ns, False),
    ("kind", _text, False),
    ("principal", _text, False),
    ("other", _text, True),
    ("session", pa.int64(), True),
    ("detail", _text, True),
)
PROBES = _schema(
    ("at_ns", _ns, False),
    ("over_ns", _ns, False),
    ("kind", _text, False),
    ("way", _text, False),
    ("principal", _text, False),
    ("victim", _text, True),
    ("said", _text, False),
    ("expected", _text, False),
    ("shows", _text, False),
    ("relies_on", _text, True),
    ("session", pa.int64(), True),
    ("query", _text, True),
    ("about", _text, True),
    ("behind", pa.int64(), True),
    ("watched", pa.int64(), True),
    ("watched_query", _text, True),
    ("trouble", _text, True),
)
HEALTH = _schema(
    ("at_ns", _ns, False),
    ("stall_ns", _ns, False),
    ("cpu_ns", _ns, False),
    ("run_delay_ns", _ns, True),
    ("sessions", pa.int32(), False),
    ("open_queries", pa.int32(), False),
    ("frames", pa.int64(), False),
)

STREAMS: Mapping[str, pa.Schema] = {
    "principals": PRINCIPALS,
    "sessions": SESSIONS,
    "queries": QUERIES,
    "frames": FRAMES,
    "plantings": PLANTINGS,
    "provocations": PROVOCATIONS,
    "health": HEALTH,
    "probes": PROBES,
}

RESOURCES = _schema(
    ("at_ns", _ns, False),
    ("source", _text, False),
    ("resource", _text, True),
    ("unit", _text, True),
    ("counts", pa.bool_(), True),
    ("value", pa.float64(), True),
    ("most", pa.float64(), True),
    ("trouble", _text, True),
)
"""What of the platform's resources was sampled: of a run, not of a driving process."""
