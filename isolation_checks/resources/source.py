"""What every source of samples gives, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

STREAM, SEAL = "samples.arrow", "seal.json"
"""What stands in a run's folder `resources/`."""
Unit = Literal["cores", "bytes", "count", "per_s"]
"""Of CPU, cores in use; of memory, bytes; of connections, how many; else how many a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one resource was at one moment."""

    resource: str
    unit: Unit
    value: float
    counts: bool = False
    """The value only ever grows: what it grows by in a second is in the unit."""
    most: float | None = None
    """What there is of it; None: nobody said."""


class UnreachableError(Exception):
    """A source cannot be sampled now; its text is a sentence without secrets."""


Source = Callable[[], list[Level]]
"""Samples once.  Raises UnreachableError; it may block, and has a thread of its own."""
