"""Tokens that run out during a drive are refreshed before they do."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

import locustfiles
from isolation_checks.history.directory import RunDirectory
from isolation_checks.history.stream import batches
from tests.end_to_end.platforms import platform

pytestmark = pytest.mark.slow
LIFE_SECONDS = 12


def test_a_session_outlives_its_first_token(tmp_path):
    """With tokens of 12 s, sessions of 24 s are renewed; only a logout has one closed."""
    with platform("--access-ttl", str(LIFE_SECONDS)) as announced:
        command = [sys.executable, "-m", "locust", "-f", f"{locustfiles.__path__[0]}/agents.py"]
        command += ["--host", announced["http"], "--headless", "-u", "4", "-r", "4", "-t", "24s"]
        done = subprocess.run(
            [*command, "--runs", tmp_path], capture_output=True, timeout=120, check=False
        )
    (described,) = tmp_path.glob("*/run.json")
    run = RunDirectory(described.parent)
    records, acts = (
        [
            record
            for process in run.processes()
            for batch in batches(run.of_process(process) / f"{stream}.arrow")
            for record in batch.to_pylist()
        ]
        for stream in ("sessions", "provocations")
    )
    left = {act["session"] for act in acts if act["kind"] == "logout"}
    steps = Counter(record["step"] for record in records)
    assert steps["refreshed"] >= 4, done.stdout
    closed = [r for r in records if r["step"] == "closed" and r["channel"] == "websocket"]
    assert {r["session"] for r in closed if r["by"] == "them"} <= left
