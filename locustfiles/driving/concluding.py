"""What a run comes to when it is over: its seals are awaited, and it is judged.

Judging is a process of its own (`crosstalk conclude`): this one is gevent's and only drives.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
import orjson

from isolation_checks.errors import EXIT_BROKEN
from isolation_checks.history.directory import RunDirectory
from isolation_checks.records import ProcessId

EXIT_UNKNOWN = 3
LOOK_SECONDS = 0.1
_JUDGED = (0, 1, EXIT_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """What became of a run."""

    code: int
    """The judgement's; 4 where there is none: the others would be a verdict's alone."""
    text: str
    """What is to be read in the terminal."""
    verdict: dict[str, Any] | None
    """None: it was not judged."""
    report: Path | None


def conclude(run: RunDirectory, everybody: Callable[[], bool], patience_s: float) -> Concluded:
    """Wait until everybody has sealed, or as long as we can, and have the run judged."""
    limit = time.monotonic() + patience_s
    while time.monotonic() < limit and not everybody():
        gevent.sleep(LOOK_SECONDS)
    command = [sys.executable, "-m", "crosstalk", "conclude", str(run.path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own interpreter
    text = done.stdout.decode("utf-8", "replace").rstrip()
    folder = run.latest_in(run.judgements, "verdict.json")
    if folder is None or done.returncode not in _JUDGED:
        return Concluded(code=EXIT_BROKEN, text=text, verdict=None, report=None)
    return Concluded(
        code=done.returncode,
        text=text,
        verdict=orjson.loads((folder / "verdict.json").read_bytes()),
        report=folder / "report",
    )


def sealed(run: RunDirectory, processes: Iterable[ProcessId]) -> bool:
    """Whether all of these have sealed."""
    return all((run.of_process(process) / "seal.json").exists() for process in processes)
