"""Folds the smaller streams of a run into its history.

It reads whatever is whole of what was written; whether that is all of it is what
the check of completeness asks.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from isolation_checks.errors import HarnessError
from isolation_checks.history.directory import RunDirectory, read_json
from isolation_checks.history.stream import Evidence, digest, evidence
from isolation_checks.loading import resources
from isolation_checks.loading.history import (
    Fact,
    Health,
    History,
    Planting,
    Principal,
    Probe,
    Process,
    Provocation,
    Query,
    Session,
    seconds,
)
from isolation_checks.plan import read
from isolation_checks.probing import Shows
from isolation_checks.records import STREAMS, Ending, ProcessId, QueryId, Reason, SessionId

RESTART = "restart"
"""The provocation that ends one of the platform's processes."""
RESTART_SECONDS = 2.0
"""As long as this after it, whoever that process served may be turned away."""


def load(directory: RunDirectory) -> History:
    """Read and fold the smaller streams of every process.

    Raises:
        HarnessError: `run.json` cannot be read.
    """
    description = directory.describe()
    named = {ProcessId(name) for name in description["expected"]} | set(directory.processes())
    processes = [_process(directory, description, name) for name in sorted(named)]
    history = folded(description, processes, evidence(directory.path))
    history.resources = resources.load(directory, history.plan, int(description["started_ns"]))
    return history


def folded(
    description: Mapping[str, Any], processes: Sequence[Process], evidence: Evidence
) -> History:
    """The history that the streams of all processes tell."""
    history = History(
        description=description,
        plan=read.decode(description["plan"]),
        processes=list(processes),
    )
    for process in history.processes:
        records = functools.partial(_records, evidence, process)
        for record in records("principals"):
            history.principals[record["principal"]] = _principal(record)
        for record in records("sessions"):
            _fold_session(history, process, record)
        _fold_queries(history, process, list(records("queries")))
        for record in records("plantings"):
            if record["kind"] == "token":
                history.plantings.setdefault(record["canary"], _planting(process, record))
            else:
                history.facts.append(_fact(process, record))
        for record in records("provocations"):
            history.provocations.append(_provocation(process, record))
        for record in records("probes"):
            history.probes.append(_probe(process, record))
        for record in records("health"):
            history.health.append(_health(process, record))
    _mark_what_was_cut(history)
    return history


def _mark_what_was_cut(history: History) -> None:
    """What was under way when we ended one of the platform's processes, and broke off by it."""
    ended = sorted(act.at_s for act in history.provocations if act.kind == RESTART)

    def cut(from_s: float | None, until_s: float | None) -> bool:
        if from_s is None or until_s is None:
            return False
        place = bisect.bisect_left(ended, from_s - RESTART_SECONDS)
        return place < len(ended) and ended[place] <= until_s

    if not ended:
        return
    for query in history.queries.values():
        query.cut = query.reason == Reason.SESSION_LOST and cut(query.over_s, query.over_s)
    for session in history.sessions.values():
        session.cut = session.failed is not None and cut(session.opening_s, session.closed_s)
    history.probes = [
        dataclasses.replace(probe, cut=cut(probe.at_s, probe.over_s)) for probe in history.probes
    ]


def _records(evidence: Evidence, process: Process, stream: str) -> Iterator[Mapping[str, Any]]:
    seen = 0
    for batch in evidence(f"history/{process.id}/{stream}"):
        seen += batch.num_rows
        yield from batch.to_pylist()
    process.was_read(stream, seen)


def _process(directory: RunDirectory, description: Mapping[str, Any], name: ProcessId) -> Process:
    path = directory.joined / f"{name}.json"
    offset = int(description["started_ns"])
    try:
        joined = read_json(path)
    except HarnessError:
        why = "what it said when it began cannot be read" if path.exists() else "it never began"
        return Process(id=name, joined=False, comparable=False, offset_ns=offset, gaps=[why])
    comparable = joined["boot"] is not None and joined["boot"] == description["boot"]
    if not comparable:  # another machine: its wall clock tells about where its seconds lie
        started_s = datetime.fromisoformat(description["started_at"]).timestamp()
        offset = int(joined["monotonic_ns"] - (joined["wall_s"] - started_s) * 1e9)
    process = Process(id=name, joined=True, comparable=comparable, offset_ns=offset)
    process.gaps = list(_gaps(directory, name, description))
    if not process.gaps:  # else it is known that something is missing
        streams = read_json(directory.of_process(name) / "seal.json")["streams"]
        process.sealed = {stream: said["records"] for stream, said in streams.items()}
    return process


def _gaps(
    directory: RunDirectory, name: ProcessId, description: Mapping[str, Any]
) -> Iterator[str]:
    """What is missing or altered in a process's streams, by its seal.

    A run that made no probes may be older than their stream.
    """
    folder = directory.of_process(name)
    try:
        streams = read_json(folder / "seal.json")["streams"]
    except (HarnessError, KeyError):
        yield "it was not sealed: it was killed, or could not write"
        return
    probed = float(read.decode(description["plan"]).probes.every) > 0
    for stream in STREAMS:
        path = folder / f"{stream}.arrow"
        if stream == "probes" and stream not in streams and not probed:
            continue
        if stream not in streams or not path.exists():
            yield f"its stream {stream} is missing"
            continue
        octets, sha256 = digest(path)
        said = streams[stream]
        if octets < said["octets"]:
            yield f"its stream {stream} was cut: {octets} of {said['octets']} bytes"
        elif sha256 != said["sha256"]:
            yield f"its stream {stream} is not what was sealed"


def _principal(record: Mapping[str, Any]) -> Principal:
    return Principal(
        id=record["principal"],
        owner=record["owner"],
        role=record["role"],
        tenant=record["tenant"],
        subject=record["subject"],
        email=record["email"],
    )


def _fold_session(history: History, process: Process, record: Mapping[str, Any]) -> None:
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
        session.opening_s, session.storm = at_s, record["detail"] == "storm"
    elif step == "upgraded":
        session.upgraded_s = at_s
    elif step in ("ready", "answered"):
        session.ready_s = at_s
        session.code = record["code"]
    elif step == "resumes":
        session.resumes = SessionId(int(record["detail"]))
    elif step == "failed":
        session.failed, session.code = record["detail"], record["code"]
        session.closed_s = at_s
    elif step == "closed":
        session.closed_s = at_s
        session.code, session.by, session.why = record["code"], record["by"], record["detail"]


def _fold_queries(history: History, process: Process, records: Sequence[Mapping[str, Any]]) -> None:
    """First what was asked, then how it ended.

    A session that is lost while a query is being sent ends it before it is noted.
    """
    for index, record in enumerate(records):
        if record["step"] == "asked":
            history.queries[QueryId(record["query"])] = _asked(process, index, record)
    for record in records:
        query = history.queries.get(QueryId(record["query"]))
        if record["step"] == "ended" and query is not None:
            _end(query, process, record)


def _asked(process: Process, index: int, record: Mapping[str, Any]) -> Query:
    return Query(
        id=QueryId(record["query"]),
        principal=record["principal"],
        session=SessionId(record["session"]),
        process=process.id,
        conversation=record["conversation"],
        kind=record["kind"],
        text=record["text"],
        named=record.get("named"),
        index=index,
        due_s=seconds(process, record["due_ns"]),
        sent_s=seconds(process, record["sent_ns"]),
    )


def _end(query: Query, process: Process, record: Mapping[str, Any]) -> None:
    for name in ("first", "done"):
        if record[f"{name}_ns"] is not None:
            setattr(query, f"{name}_s", seconds(process, record[f"{name}_ns"]))
    query.over_s = query.done_s if query.done_s is not None else seconds(process, record["at_ns"])
    query.late_s = (record["late_ns"] or 0) / 1e9
    query.ending = Ending(record["ending"])
    query.reason = record["reason"]


def _planting(process: Process, record: Mapping[str, Any]) -> Planting:
    return Planting(
        principal=record["principal"],
        kind=record["kind"],
        place=record["place"],
        conversation=record["conversation"],
        query=record["query"],
        at_s=seconds(process, record["at_ns"]),
    )


def _fact(process: Process, record: Mapping[str, Any]) -> Fact:
    return Fact(
        text=record["canary"],
        principal=record["principal"],
        kind=record["kind"],
        place=record["place"],
        at_s=seconds(process, record["at_ns"]),
    )


def _provocation(process: Process, record: Mapping[str, Any]) -> Provocation:
    return Provocation(
        kind=record["kind"],
        principal=record["principal"],
        other=record["other"],
        detail=record["detail"],
        session=record["session"],
        at_s=seconds(process, record["at_ns"]),
    )


def _probe(process: Process, record: Mapping[str, Any]) -> Probe:
    plain = {name: record[name] for name in _PROBE_AS_IT_IS}
    return Probe(
        process=process.id,
        at_s=seconds(process, record["at_ns"]),
        over_s=seconds(process, record["over_ns"]),
        shows=Shows(record["shows"]),
        **plain,
    )


_PROBE_AS_IT_IS = tuple(
    name for name in STREAMS["probes"].names if name not in ("at_ns", "over_ns", "shows")
)


def _health(process: Process, record: Mapping[str, Any]) -> Health:
    delay = record["run_delay_ns"]
    return Health(
        process=process.id,
        at_s=seconds(process, record["at_ns"]),
        stall_s=record["stall_ns"] / 1e9,
        run_delay_s=None if delay is None else delay / 1e9,
    )
