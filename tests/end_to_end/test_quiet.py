"""How much a run in CI prints."""

from __future__ import annotations

import os
import subprocess
import sys

AROUND = 4
"""Lines beside the verdict's own 36 that may be printed when all is well."""


def test_beside_the_verdict_hardly_anything_is_printed(tmp_path):
    """Locust's tables and its chatter are left out; what stands there is the verdict."""
    command = [
        sys.executable, "-m", "locust", "-f", "locustfiles/agents.py", "--headless", "-u", "2",
        "-r", "2", "-t", "3s", "--only-verdict", "--processes", "2", "--runs", str(tmp_path),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "CI": "true"},
        check=False,
    )
    before, _, verdict = done.stdout.partition("Crosstalk - run ")
    assert "exit " in verdict
    around = [*before.splitlines(), *done.stderr.splitlines()]
    around += verdict.partition("\nexit ")[2].splitlines()[1:]
    assert len(around) <= AROUND, around
    assert "Aggregated" not in done.stdout
