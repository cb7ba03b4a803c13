"""Whole drives for tests: the real command, the real platform, and what they left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isolation_checks.history.directory import RunDirectory
from isolation_checks.verdicts import verdict
from isolation_checks.verdicts.verdict import Judgement

LIMIT_SECONDS = 180


@dataclass(frozen=True)
class Drive:
    """A drive that is over."""

    code: int
    output: str
    directory: RunDirectory
    judgement: Judgement


class Driving:
    """A drive that goes on; several may, side by side."""

    def __init__(self, runs: Path, arguments: Sequence[str], env: Mapping[str, str] | None = None):
        self._runs = runs
        self._process = subprocess.Popen(
            [sys.executable, "-m", "crosstalk", *arguments, "--runs", str(runs)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )

    def ended(self) -> Drive:
        """Wait for the drive, and read its judgement."""
        try:
            output, _ = self._process.communicate(timeout=LIMIT_SECONDS)
        finally:
            self._process.kill()
        text = output.decode()
        runs = [path.parent for path in self._runs.glob("*/run.json")]
        assert len(runs) == 1, text
        directory = RunDirectory(runs[0])
        folder = directory.latest_in(directory.judgements, "verdict.json")
        assert folder is not None, text
        judgement = verdict.decode((folder / "verdict.json").read_bytes())
        return Drive(self._process.returncode, text, directory, judgement)


def demo(
    runs: Path,
    *faults: str,
    users: int = 12,
    seconds: int = 13,
    database: str | None = None,
    redis: str | None = None,
    workers: int | None = None,
):
    """Begin `crosstalk demo` with these faults."""
    arguments = ["demo", "--users", str(users), "--seconds", str(seconds)]
    for fault in faults:
        arguments += ["--fault", fault]
    if database is not None:
        arguments += ["--database", database]
    if redis is not None:
        arguments += ["--redis", redis]
    if workers is not None:
        arguments += ["--workers", str(workers)]
    return Driving(runs, arguments)


def part(judgement: Judgement, name: str) -> verdict.Verdict:
    """The verdict of one part."""
    return next(each.verdict for each in judgement.parts if each.name == name)
