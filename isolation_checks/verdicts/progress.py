"""How a run went, as data for pictures: slices of its time, phases that met, where time went."""

from __future__ import annotations

from typing import Literal

from isolation_checks.verdicts.versioned import Data


class Met(Data, frozen=True, kw_only=True):
    """How often one phase of a user's met another phase of a stranger's."""

    one: str
    other: str
    times: int
    """Pairs of stretches that touched: a query in the one, a query or session in the other."""


class Coverage(Data, frozen=True, kw_only=True):
    """Which interleavings of two users really happened: every pair of phases, once."""

    phases: tuple[str, ...]
    """`connecting`, `waiting` (asked, nothing heard yet), `streaming` (from the first event
    to the end), `idle` (connected, nothing asked)."""
    met: tuple[Met, ...]
    """The upper half of a symmetric matrix, its diagonal included, row by row."""


class Slice(Data, frozen=True, kw_only=True):
    """A stretch of the run's time."""

    from_s: float
    sessions: int
    """Sessions that were open at its middle."""
    answered: int
    """Queries that ended ok in it."""
    good: int
    """Those of them that were within the objective of a whole answer, where there is one."""
    unanswered: int
    """Queries that ended in it otherwise, but for those that we ended ourselves."""
    p50_s: float | None
    p95_s: float | None
    """Quantiles of the answers that came in it; None where none came."""
    found: int
    """Findings of isolation, each where it was seen first."""


class Resource(Data, frozen=True, kw_only=True):
    """How much of one of the platform's own resources was in use, slice by slice."""

    source: str
    """Where it was sampled: `processes`, `database`, or a Prometheus endpoint's name."""
    resource: str
    unit: Literal["cores", "bytes", "count", "per_s"]
    most: float | None
    """What there is of it; None: nobody said."""
    levels: tuple[float | None, ...]
    """On average in each slice; None where it was not sampled."""


class Timeline(Data, frozen=True, kw_only=True):
    """How the run went, in slices of equal length."""

    slice_s: float
    slices: tuple[Slice, ...]
    limit_s: float | None = None
    """The objective's for a whole answer."""
    resources: tuple[Resource, ...] = ()
    """What of the platform's own was in use, where it could be sampled."""


class Heat(Data, frozen=True, kw_only=True):
    """How many answers that were due in each slice took how long."""

    phase: str
    edges_s: tuple[float, ...]
    """One more than there are steps of duration; equal ratios."""
    counts: tuple[tuple[int, ...], ...]
    """A row for each slice of the timeline, a column for each step of duration."""
    unfinished: tuple[int, ...]
    """Those of each slice that never finished."""


class Step(Data, frozen=True, kw_only=True):
    """A stretch of an answer, in seconds from when its query was due."""

    name: str
    from_s: float
    to_s: float


class Course(Data, frozen=True, kw_only=True):
    """Where the time of one answer went."""

    label: str
    query: str
    who: str
    due_s: float
    took_s: float
    steps: tuple[Step, ...]
