"""Samples every source that a plan names until it is told to stop, and seals what it saw.

Each source has a thread of its own, so that one that hangs keeps no other waiting; one writes.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from isolation_checks.history.directory import add_json, make
from isolation_checks.history.stream import StreamWriter
from isolation_checks.plan.model import Plan
from isolation_checks.records import RESOURCES
from isolation_checks.resources.connections import Connections
from isolation_checks.resources.exposition import Endpoint
from isolation_checks.resources.processes import ProcessTree
from isolation_checks.resources.source import SEAL, STREAM, Source, UnreachableError

LEAVE_SECONDS = 0.5
"""How long a source may take to come to its end."""
_Record = dict[str, Any]


def sources(plan: Plan) -> Mapping[str, Source]:
    """What a plan asks for, by the names of its sources."""
    asked = plan.resources
    if asked is None:
        return {}
    named: dict[str, Source] = {}
    if asked.processes is not None:
        named["processes"] = ProcessTree(asked.processes)
    for endpoint in asked.prometheus:
        named[endpoint.name] = Endpoint(endpoint, insecure=plan.target.insecure_tls)
    if asked.database is not None:
        url = asked.database.url or (plan.rows.url if plan.rows is not None else "")
        named["database"] = Connections(url)
    return named


def sample(
    named: Mapping[str, Source], folder: Path, every_s: float, wait: Callable[[float], bool]
) -> None:
    """Sample into a new folder until `wait`, which is told for how many seconds, says true.

    Raises:
        HarnessError: it cannot be written.
    """
    make(folder)
    writer = StreamWriter(folder / STREAM, RESOURCES)
    seen: queue.SimpleQueue[_Record] = queue.SimpleQueue()
    stop = threading.Event()
    threads = [
        threading.Thread(target=_look, args=(name, source, every_s, stop, seen.put), daemon=True)
        for name, source in named.items()
    ]
    for thread in threads:
        thread.start()
    over = False
    while not over:
        over = wait(every_s)
        records = [seen.get_nowait() for _ in range(seen.qsize())]
        if records:
            writer.write(pa.RecordBatch.from_pylist(records, schema=RESOURCES))
    stop.set()
    for thread in threads:
        thread.join(LEAVE_SECONDS)  # one that hangs is left behind
    sealed = writer.close()
    add_json(
        folder / SEAL,
        {"sealed_ns": time.monotonic_ns(), "streams": {"samples": msgspec.to_builtins(sealed)}},
    )


def _look(
    name: str,
    source: Source,
    every_s: float,
    stop: threading.Event,
    tell: Callable[[_Record], None],
) -> None:
    due = time.monotonic()
    while not stop.is_set():
        for record in _seen(name, source):
            tell(record)
        due = max(due + every_s, time.monotonic())
        stop.wait(due - time.monotonic())


def _seen(name: str, source: Source) -> list[_Record]:
    """What a source says, or why it does not."""
    blank: _Record = dict.fromkeys(RESOURCES.names)
    try:
        levels = source()
    except UnreachableError as error:
        return [{**blank, "at_ns": time.monotonic_ns(), "source": name, "trouble": str(error)}]
    except Exception as error:  # noqa: BLE001 - what a library raises; its words may hold a secret
        trouble = f"it cannot be read ({type(error).__name__})"
        return [{**blank, "at_ns": time.monotonic_ns(), "source": name, "trouble": trouble}]
    at_ns = time.monotonic_ns()
    return [
        {
            **blank,
            "at_ns": at_ns,
            "source": name,
            "resource": level.resource,
            "unit": level.unit,
            "counts": level.counts,
            "value": level.value,
            "most": level.most,
        }
        for level in levels
    ]
