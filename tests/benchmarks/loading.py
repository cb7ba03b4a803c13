"""What does it cost to load a recorded message again: reading it, and searching it for words?

    python tests/benchmarks/loading.py

A run of the cheap platform is recorded first; then its frames are read by the dialect, are
searched for canaries and for facts, and are loaded as a judge loads them, with the deeper pass
(facts, words over the seams of messages) and without.  So are rows, one for every question and
one for its answer, with facts and without.  What is printed is CPU time, and shares of what it
costs to receive such messages one at a time on a thousand sessions.
"""

from __future__ import annotations

import argparse
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gevent
import pyarrow as pa
from cheap import Sender, ask, connected, rig_at
from receiving import cost, watcher

from isolation_checks import canary
from isolation_checks.dialects.events import dialect_of
from isolation_checks.history.directory import RunDirectory
from isolation_checks.history.stream import evidence
from isolation_checks.loading import fold, rows, words
from isolation_checks.loading.frames import FrameReader
from isolation_checks.loading.history import History
from isolation_checks.loading.ownership import Ownership
from isolation_checks.loading.rows import Reading
from isolation_checks.plan import read
from isolation_checks.plan.tables.rows import Rows, Table
from isolation_checks.rows.collect import ROW_SCHEMA

ROUNDS = 5
STREAM = "history/p0/frames"


def recorded(run: RunDirectory, sessions: int, questions: int) -> None:
    """Record a run: so many sessions with so many questions each."""
    key = secrets.token_bytes(32)
    began = time.monotonic_ns()
    with Sender("answer") as sender:
        rig = rig_at(sender, run.of_process("p0"), key)
        users = connected(rig, sessions)
        for turn in range(questions):
            gevent.wait([ask(user, turn) for user in users], timeout=60)
        rig.finish("stopped")
    about = {
        "run": run.id,
        "started_at": "2026-01-01T00:00:00+00:00",
        "started_ns": began,
        "boot": None,
        "plan": read.encode(rig.plan),
        "canary_key": key.hex(),
        "expected": ["p0"],
    }
    run.description.write_text(json.dumps(about))


def rows_of(history: History) -> tuple[Rows, list[pa.RecordBatch]]:
    """Rows as a platform would have stored them, as they are collected."""
    kept = [
        {
            "key": f"{query.id}/{role}",
            "owner": history.principals[query.principal].subject,
            "query": query.id,
            "texts": [query.text],
        }
        for query in history.queries.values()
        for role in ("user", "agent")
    ]
    batches = pa.Table.from_pylist(kept, schema=ROW_SCHEMA).to_batches(max_chunksize=1_000)
    table = Table(name="messages", owner="user_id", query="request_id", text=("content",))
    return Rows(url="sqlite:///x", tables=(table,)), batches


def by_rows(history: History, reader: Callable[[], FrameReader]) -> None:
    """Measure rows, and print them."""
    described, kept = rows_of(history)
    reading = Reading(number=1, problem=None, settled=True, counts={}, left_out=())

    def load(*, deep: bool) -> None:
        facts = reader().facts
        if not deep:
            facts._forms.clear()
        for _ in rows.read(reading, described, facts.ownership, lambda _: kept, facts):
            pass

    stored = sum(batch.num_rows for batch in kept)
    took = by_turns({"without": lambda: load(deep=False), "all": lambda: load(deep=True)}, stored)
    for name, cost_us in took.items():
        print(f"{f'rows, {name}':>20} {cost_us:>8.2f} a row, of {stored:,}", flush=True)
    print(f"facts add {took['all'] / took['without'] - 1:.0%} to loading rows")


def cpu(work: Callable[[], Any]) -> float:
    """The CPU time that something takes, in seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def by_turns(works: Mapping[str, Callable[[], Any]], frames: int) -> dict[str, float]:
    """The least CPU microseconds a message of some rounds; others use this machine too."""
    rounds = [{name: cpu(work) for name, work in works.items()} for _ in range(ROUNDS)]
    return {name: min(each[name] for each in rounds) / frames * 1e6 for name in works}


def received(sessions: int) -> float:
    """CPU microseconds to receive a message and do nothing with it, one at a time."""
    with Sender() as sender, tempfile.TemporaryDirectory() as folder:
        rig = rig_at(sender, Path(folder) / "history" / "p0", secrets.token_bytes(32))
        lines = connected(rig, sessions)
        for line in lines:
            ask(line, 0)
        gevent.sleep(0.5)
        watching = watcher(lines)
        return min(
            cost(sender, lines, "receiving", 20_000, "single", watching) for _ in range(ROUNDS)
        )


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--questions", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory(Path(folder) / "benchmark")
        run.path.mkdir()
        recorded(run, asked.sessions, asked.questions)
        found = evidence(run.path)
        batches = [batch.column("content").to_pylist() for batch in found(STREAM)]
        frames = sum(map(len, batches))
        octets = sum(len(content) for batch in batches for content in batch)
        history = fold.load(run)
        dialect = dialect_of(history.plan.dialect)

        def search() -> None:
            for batch in batches:
                for content, stretch in zip(batch, words.stretched(batch), strict=True):
                    for _ in words.within(content, stretch=stretch):
                        pass

        def reader() -> FrameReader:
            key = bytes.fromhex(history.description["canary_key"])
            number = canary.run_number(history.description["run"])
            return FrameReader(Ownership(history, key, number), dialect)

        def load(*, deep: bool = True) -> None:
            shallow = reader()
            if not deep:
                shallow._joined = lambda *_: iter(())
                shallow._told = lambda *_: iter(())
            for _ in shallow.read(history.processes[0], found):
                pass

        facts = reader().facts
        texts = [[(dialect.read(c).text or "").lower() for c in batch] for batch in batches]

        alone = received(1000)
        print(f"{frames:,} messages of {octets / frames:.0f} bytes; CPU microseconds a message")
        print(f"{'received, alone':>20} {alone:>8.2f}", flush=True)
        works: dict[str, Callable[[], Any]] = {
            "read by the dialect": lambda: [dialect.read(c) for b in batches for c in b],
            "searched for words": search,
            "searched for facts": lambda: [facts._scanner.among(each) for each in texts],
            "loaded, less deeply": lambda: load(deep=False),
            "loaded, all of it": load,
        }
        took = by_turns(works, frames)
        for name in works:
            print(f"{name:>20} {took[name]:>8.2f} {took[name] / alone:>6.0%}", flush=True)
        deeper = took["loaded, all of it"] / took["loaded, less deeply"] - 1
        print(f"facts, and words over seams, add {deeper:.0%} to loading")
        by_rows(history, reader)


if __name__ == "__main__":
    main()
