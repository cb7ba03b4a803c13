"""A run as a base that others are compared with, as data: small enough to be committed.

It keeps samples with their user and their stretch of time, and no word that anybody said.
"""

from __future__ import annotations

import msgspec

from isolation_checks.verdicts import versioned
from isolation_checks.verdicts.versioned import Data

SCHEMA = "crosstalk.baseline/1"


class Kept(Data, frozen=True, kw_only=True):
    """Samples of one indicator: whose (a number), in which stretch, and what they were."""

    users: tuple[int, ...]
    blocks: tuple[int, ...]
    values: tuple[float | None, ...]
    """Seconds to a tenth of a millisecond (None: it never finished); of errors 0 and 1; of
    throughput answers a second."""
    of: int
    """How many samples there were."""


class Baseline(Data, frozen=True, kw_only=True):
    """What later runs are compared with."""

    schema: str = SCHEMA
    run: str
    started_at: str
    target: str
    crosstalk: str
    workload: str
    users: int
    seconds: float
    indicators: dict[str, Kept]


def encode(base: Baseline) -> bytes:
    """A base as a line of JSON."""
    return msgspec.json.encode(base) + b"\n"


def decode(content: bytes) -> Baseline:
    """Read a base back.

    Raises:
        UsageError: the content is no base of this schema.
    """
    return versioned.decode(content, Baseline, SCHEMA, noun="baseline", again=_AGAIN)


_AGAIN = "`crosstalk baseline RUN` makes a new one from the evidence"
