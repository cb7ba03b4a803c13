"""What processes wrote down, while it is being told: streams in memory, and the run of them.

It knows no script; `language` says what happened, and this holds it, loads it or writes it
to a directory as a drive would have left it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import msgspec
import narwhals.stable.v2 as nw
import pyarrow as pa

from isolation_checks.history import directory
from isolation_checks.history.stream import StreamWriter
from isolation_checks.loading import fold
from isolation_checks.loading.derive import derived
from isolation_checks.loading.history import Process
from isolation_checks.loading.load import SCHEMAS
from isolation_checks.loading.rows import Reading
from isolation_checks.plan import read
from isolation_checks.records import STREAMS, RunId
from isolation_checks.rows.collect import ROW_SCHEMA

KEY = b"t" * 32
RUN = "told"
BEGAN = datetime(2026, 11, 22, 9, 41, tzinfo=UTC)
ENGINES = ("duckdb", "pandas")
PLAN = """
dialect = "reference"
[target]
websocket = "ws://127.0.0.1:1/ws"
http = "http://127.0.0.1:1"
[auth]
source = "login"
login = { path = "/login", send = { email = "{email}" } }
carry = { headers = { Authorization = "Bearer {token}" } }
[isolation]
control = false
facts = false
"""
"""The positive control and personas are asked for where they are what a test is about."""
TABLES = [
    {
        "name": "messages",
        "owner": "user_id",
        "conversation": "thread_id",
        "conversation_owner": "thread_id -> threads.id -> user_id",
        "query": "request_id",
        "text": ["content"],
        "each_query": 1,
        "finished": {"column": "status", "values": ["over"]},
    }
]


@dataclass
class Recording:
    """The streams of a run, and what is unusual about it."""

    tenants: dict = field(default_factory=dict)
    subjects: dict = field(default_factory=dict)
    """Subjects that are not the usual ones."""
    plan: dict = field(default_factory=dict)
    """Keys of the plan that are not the usual ones."""
    gaps: tuple = ()
    """What is wrong with the history, by its seal."""
    elsewhere: str = ""
    """Principals who were driven from another machine."""
    settled: bool = True
    left_out: tuple = ()
    problem: str | None = None
    """Why the rows could not be read."""
    packed: Callable[[bytes], bytes] | None = None
    """How a message stands in a binary frame; None where frames are texts."""
    memories: tuple = ()
    """The canaries that the platform was told to remember."""
    unseated: str = ""
    """Principals of whose sessions nothing was written down."""
    drawn: bool = False
    """Whether no other run has these personas."""
    rows: bool | None = None
    """Whether the plan asks for rows; by default if there are any."""
    streams: dict = field(default_factory=dict)

    def evidence(self, name):
        """A stream in two batches, as it would have been flushed."""
        records = self.streams.get(name, [])
        kind = name.rpartition("/")[2]
        schema = ROW_SCHEMA if name.startswith("rows/") else STREAMS[kind]
        full = [{column: record.get(column) for column in schema.names} for record in records]
        half = len(full) // 2
        pieces = (full[:half], full[half:])
        return [pa.RecordBatch.from_pylist(piece, schema=schema) for piece in pieces if piece]

    def loaded(self, engine):
        """The run, its relations held by this engine."""
        history = fold.folded(self._description(), self._processes(), self.evidence)
        return derived(history, self.evidence, self._reading(), _Held(engine))

    def written(self, folder):
        """The run's directory."""
        description = self._description()
        run = directory.create(folder, RunId(RUN))
        expected = [process.id for process in self._processes()]
        clock = {"started_ns": 0, "boot": "here", "expected": expected}
        directory.add_json(run.description, description | clock)
        began = datetime.fromisoformat(description["started_at"]).timestamp()
        for process in self._processes():
            boot = "here" if process.comparable else "there"
            joined = {"boot": boot, "monotonic_ns": 0, "wall_s": began}
            directory.add_json(run.joined / f"{process.id}.json", joined)
            run.of_process(process.id).mkdir(parents=True)
            sealed = {
                name: self._stream(run, f"history/{process.id}/{name}", schema)
                for name, schema in STREAMS.items()
            }
            directory.add_json(run.of_process(process.id) / "seal.json", {"streams": sealed})
        if self._reading() is not None:
            self._write_rows(run)
        return run

    def _stream(self, run, name, schema):
        writer = StreamWriter(run.path / f"{name}.arrow", schema)
        for batch in self.evidence(name):
            writer.write(batch)
        return msgspec.to_builtins(writer.close())

    def _write_rows(self, run):
        folder = run.next_in(run.rows)
        names = [table["name"] for table in TABLES]
        names += [n.rpartition("/")[2] for n in self.streams if n.startswith("rows/")]
        tables = {
            name: self._stream(run, f"rows/1/{name}", ROW_SCHEMA) | {"more": name in self.left_out}
            for name in dict.fromkeys(names)
        }
        said = {"settled": self.settled, "tables": tables}
        said |= {"problem": self.problem} if self.problem else {}
        directory.add_json(folder / "reading.json", said)

    def _description(self):
        return {
            "run": RUN,
            "plan": read.encode(self._planned()),
            "canary_key": KEY.hex(),
            "started_at": BEGAN.isoformat(),
            "target": "ws://127.0.0.1:1/ws",
            "seed": 1,
            "seed_drawn": self.drawn,
        }

    def _planned(self):
        any_rows = any(name.startswith("rows/") for name in self.streams)
        asked = self.rows if self.rows is not None else any_rows or bool(self.problem)
        over = {"rows": {"url": "sqlite:///x", "tables": TABLES}} if asked else {}
        for key, value in self.plan.items():
            both = isinstance(value, dict) and isinstance(over.get(key), dict)
            over[key] = over[key] | value if both else value
        return read.parse(PLAN, "the test", over)

    def _processes(self):
        def process(name, *, comparable):
            return Process(
                id=name, joined=True, comparable=comparable, offset_ns=0, gaps=list(self.gaps)
            )

        there = [process("p0", comparable=True)]
        return [*there, process("p1", comparable=False)] if self.elsewhere else there

    def _reading(self):
        tables = {name for name in self.streams if name.startswith("rows/")}
        if not tables and self.problem is None and not self.rows:
            return None
        return Reading(
            number=1,
            problem=self.problem,
            settled=self.settled,
            counts={name.rpartition("/")[2]: len(self.streams[name]) for name in tables},
            left_out=tuple(self.left_out),
        )


class _Held:
    """Relations in memory, over DuckDB or over pandas with its own kinds of null."""

    def __init__(self, engine):
        self._batches = {name: [] for name in SCHEMAS}
        self._connection = duckdb.connect() if engine == "duckdb" else None

    def add(self, name, batch):
        self._batches[name].append(batch)

    def relation(self, name):
        table = pa.Table.from_batches(self._batches[name], schema=SCHEMAS[name])
        held = table.to_pandas() if self._connection is None else self._connection.from_arrow(table)
        return nw.from_native(held).lazy()
