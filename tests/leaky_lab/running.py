"""Starts a server of the lab, with what it stands on, and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.leaky_lab import environments
from tests.leaky_lab.pairs import Pair

SERVERS = Path(__file__).parent / "servers"
PLAN = Path(__file__).parent / "plan.toml"


@contextlib.contextmanager
def running(
    pair: Pair, mode: str, folder: Path, env: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """A server in this mode; yields its port and where its rows are.

    `env` holds `LAB_SECRET`, with which tokens are signed, and the URL of what it needs.
    What it complains of stands in `stderr.log`.

    Raises:
        RuntimeError: its packages could not be had, or it did not start.
    """
    folder.mkdir(exist_ok=True)
    if pair.node:
        place = environments.node_with(pair.packages(mode))
        command = ["node", str(SERVERS / f"{pair.name}.mjs")]
    else:
        place = folder
        command = [str(environments.python_with(pair.packages(mode)))]
        command.append(str(SERVERS / f"{pair.name}.py"))
    rows = f"sqlite:///{folder}/rows.db"
    if pair.needs == "postgresql":
        rows = env["LAB_POSTGRESQL"]
    complaints = folder / "stderr.log"
    with (
        complaints.open("wb") as errors,
        subprocess.Popen(
            [*command, str(folder), mode],
            cwd=place,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **env},
        ) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                said = complaints.read_text(encoding="utf-8", errors="replace")[-1000:]
                raise RuntimeError(f"{pair.name} --{mode} did not start: {said}")
            yield json.loads(line)["port"], rows
        finally:
            process.kill()
