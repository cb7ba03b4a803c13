"""What a run says of itself before anything is driven: what, with what, on which machine."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from isolation_checks.history.directory import SCHEMA

_VERSIONS = ("crosstalk-harness", "locust", "websockets", "gevent", "pyarrow", "duckdb", "narwhals")


def description(order: Mapping[str, Any], target: str, now: datetime) -> dict[str, Any]:
    """What `run.json` says of the run that an order begins, but for who takes part in it."""
    return {
        "schema": SCHEMA,
        "run": order["run"],
        "started_at": now.isoformat(timespec="milliseconds"),
        "started_ns": time.monotonic_ns(),
        "boot": boot_id(),
        "host": platform.node(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in _VERSIONS},
        "git": _git_head(),
        "target": target,
        "seed": order["seed"],
        "seed_drawn": order["seed_drawn"],
        "plan": order["plan"],
    }


def boot_id() -> str | None:
    """Which boot of which machine this is: monotonic times compare within it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _git_head() -> str | None:
    """The commit that drives, where this is a checkout."""
    here = Path(__file__).parent
    try:
        found = subprocess.run(  # noqa: S603 - our own words
            ["git", "-C", str(here), "rev-parse", "HEAD"],  # noqa: S607 - git from the path
            capture_output=True,
            check=True,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.decode().strip()
