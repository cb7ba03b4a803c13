"""Reference platforms that a test starts itself, with options that the demo does not have."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any


@contextlib.contextmanager
def platform(*options: str, env: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """A platform on a free port; yields what it announces, and ends it by its own pid."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reference_platform", "--with-parent", *options],
        stdout=subprocess.PIPE,
        env=env,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=10)
