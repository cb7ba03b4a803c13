"""The smaller streams of a run, folded: who was there, which sessions, which queries.

It reads whatever is whole of what was written; whether that is all of it is what
the check of completeness asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from isolation_checks.errors import HarnessError
from isolation_checks.history.directory import RunDirectory, read_json
from isolation_checks.history.stream import batches, digest
from isolation_checks.plan import read
from isolation_checks.plan.model import Plan
from isolation_checks.records import (
    STREAMS,
    ConversationLabel,
    Ending,
    PrincipalId,
    ProcessId,
    QueryId,
    SessionId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a principal is; `subject` is what the platform calls it."""

    id: PrincipalId
    owner: int
    role: str
    tenant: str | None = None
    subject: str | None = None
    email: str | None = None


@dataclass(slots=True, kw_only=True)
class Session:
    """One session from its opening to its end; times in seconds of the run."""

    id: SessionId
    principal: PrincipalId
    channel: str
    process: ProcessId
    due_s: float | None = None
    opening_s: float | None = None
    ready_s: float | None = None
    closed_s: float | None = None
    failed: str | None = None
    code: int | None = None
    by: str | None = None


@dataclass(slots=True, kw_only=True)
class Query:
    """One query from due to done; times in seconds of the run."""

    id: QueryId
    principal: PrincipalId
    session: SessionId
    process: ProcessId
    conversation: ConversationLabel
    kind: str
    text: str
    index: int
    due_s: float
    sent_s: float
    first_s: float | None = None
    done_s: float | None = None
    over_s: float | None = None
    """When we took it to be over, however it ended; None: nobody wrote that down."""
    late_s: float = 0.0
    ending: Ending | None = None
    reason: str | None = None
    echoed: bool = False
    """Its answer held a canary of its own principal's that its text had planted."""
    overlapped: bool = False
    """Another principal's query was open meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planting:
    """A canary and where it was given."""

    principal: PrincipalId
    kind: str
    place: str
    conversation: ConversationLabel | None
    query: QueryId | None
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Provocation:
    """Something that the driver did to bring a fault out."""

    kind: str
    principal: PrincipalId
    other: PrincipalId | None
    detail: str | None
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A second of a generator's own health."""

    process: ProcessId
    at_s: float
    stall_s: float
    run_delay_s: float | None


@dataclass(slots=True, kw_only=True)
class Process:
    """One process of the run, and what is wrong with its evidence."""

    id: ProcessId
    joined: bool
    comparable: bool
    """Its clock is that of the machine that began the run."""
    offset_ns: int
    gaps: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class History:
    """The folded history of a run."""

    description: Mapping[str, Any]
    plan: Plan
    processes: list[Process]
    principals: dict[PrincipalId, Principal] = field(default_factory=dict)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    queries: dict[QueryId, Query] = field(default_factory=dict)
    plantings: dict[str, Planting] = field(default_factory=dict)
    provocations: list[Provocation] = field(default_factory=list)
    health: list[Health] = field(default_factory=list)


def load(directory: RunDirectory) -> History:
    """Read and fold the smaller streams of every process.

    Raises:
        HarnessError: `run.json` cannot be read.
    """
    description = directory.describe()
    plan = read.decode(description["plan"])
    named = {ProcessId(name) for name in description["expected"]} | set(directory.processes())
    history = History(
        description=description,
        plan=plan,
        processes=[_process(directory, description, process) for process in sorted(named)],
    )
    for process in history.processes:
        for record in _records(directory, process, "principals"):
            history.principals[record["principal"]] = _principal(record)
        for record in _records(directory, process, "sessions"):
            _fold_session(history, process, record)
        for index, record in enumerate(_records(directory, process, "queries")):
            _fold_query(history, process, index, record)
        for record in _records(directory, process, "plantings"):
            history.plantings.setdefault(record["canary"], _planting(process, record))
        for record in _records(directory, process, "provocations"):
            history.provocations.append(_provocation(process, record))
        for record in _records(directory, process, "health"):
            history.health.append(_health(process, record))
    return history


def seconds(process: Process, at_ns: int) -> float:
    """A monotonic time of a process as seconds since the run began."""
    return (at_ns - process.offset_ns) / 1e9


def _process(directory: RunDirectory, description: Mapping[str, Any], name: ProcessId) -> Process:
    path = directory.joined / f"{name}.json"
    offset = int(description["started_ns"])
    if not path.exists():
        return Process(
            id=name, joined=False, comparable=False, offset_ns=offset, gaps=["it never began"]
        )
    joined = read_json(path)
    comparable = joined["boot"] is not None and joined["boot"] == description["boot"]
    if not comparable:  # another machine: its wall clock tells about where its seconds lie
        started_s = datetime.fromisoformat(description["started_at"]).timestamp()
        offset = int(joined["monotonic_ns"] - (joined["wall_s"] - started_s) * 1e9)
    process = Process(id=name, joined=True, comparable=comparable, offset_ns=offset)
    process.gaps = list(_gaps(directory, name))
    return process


def _gaps(directory: RunDirectory, name: ProcessId) -> Iterator[str]:
    """What is missing or altered in a process's streams, by its seal."""
    folder = directory.of_process(name)
    try:
        streams = read_json(folder / "seal.json")["streams"]
    except (HarnessError, KeyError):
        yield "it was not sealed: it was killed, or could not write"
        return
    for stream in STREAMS:
        path = folder / f"{stream}.arrow"
        if stream not in streams or not path.exists():
            yield f"its stream {stream} is missing"
            continue
        octets, sha256 = digest(path)
        said = streams[stream]
        if octets < said["octets"]:
            yield f"its stream {stream} was cut: {octets} of {said['octets']} bytes"
        elif sha256 != said["sha256"]:
            yield f"its stream {stream} is not what was sealed"


def _records(directory: RunDirectory, process: Process, stream: str) -> Iterator[dict[str, Any]]:
    path = directory.of_process(process.id) / f"{stream}.arrow"
    if path.exists():
        for batch in batches(path):
            yield from batch.to_pylist()


def _principal(record: dict[str, Any]) -> Principal:
    return Principal(
        id=record["principal"],
        owner=record["owner"],
        role=record["role"],
        tenant=record["tenant"],
        subject=record["subject"],
        email=record["email"],
    )


def _fold_session(history: History, process: Process, record: dict[str, Any]) -> None:
    identity = SessionId(record["session"])
    session = history.sessions.get(identity)
    if session is None:
        session = history.sessions[identity] = Session(
            id=identity,
            principal=record["principal"],
            channel=record["channel"],
            process=process.id,
        )
    at_s = seconds(process, record["at_ns"])
    if record["due_ns"] is not None:
        session.due_s = seconds(process, record["due_ns"])
    step = record["step"]
    if step == "opening":
        session.opening_s = at_s
    elif step in ("ready", "answered"):
        session.ready_s = at_s
        session.code = record["code"]
    elif step == "failed":
        session.failed = record["detail"]
        session.closed_s = at_s
    elif step == "closed":
        session.closed_s = at_s
        session.code, session.by = record["code"], record["by"]


def _fold_query(history: History, process: Process, index: int, record: dict[str, Any]) -> None:
    identity = QueryId(record["query"])
    if record["step"] == "asked":
        history.queries[identity] = Query(
            id=identity,
            principal=record["principal"],
            session=SessionId(record["session"]),
            process=process.id,
            conversation=record["conversation"],
            kind=record["kind"],
            text=record["text"],
            index=index,
            due_s=seconds(process, record["due_ns"]),
            sent_s=seconds(process, record["sent_ns"]),
        )
        return
    query = history.queries.get(identity)
    if query is None:
        return
    for name in ("first", "done"):
        if record[f"{name}_ns"] is not None:
            setattr(query, f"{name}_s", seconds(process, record[f"{name}_ns"]))
    query.over_s = query.done_s if query.done_s is not None else seconds(process, record["at_ns"])
    query.late_s = (record["late_ns"] or 0) / 1e9
    query.ending = Ending(record["ending"])
    query.reason = record["reason"]


def _planting(process: Process, record: dict[str, Any]) -> Planting:
    return Planting(
        principal=record["principal"],
        kind=record["kind"],
        place=record["place"],
        conversation=record["conversation"],
        query=record["query"],
        at_s=seconds(process, record["at_ns"]),
    )


def _provocation(process: Process, record: dict[str, Any]) -> Provocation:
    return Provocation(
        kind=record["kind"],
        principal=record["principal"],
        other=record["other"],
        detail=record["detail"],
        at_s=seconds(process, record["at_ns"]),
    )


def _health(process: Process, record: dict[str, Any]) -> Health:
    delay = record["run_delay_ns"]
    return Health(
        process=process.id,
        at_s=seconds(process, record["at_ns"]),
        stall_s=record["stall_ns"] / 1e9,
        run_delay_s=None if delay is None else delay / 1e9,
    )
