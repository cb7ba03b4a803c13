"""What may flow, how sure a PASS must be, and what was promised."""

from __future__ import annotations

from typing import Literal

import msgspec

from isolation_checks.plan.indicators import Name
from isolation_checks.plan.units import Duration, Limit, Span


class Allow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that may flow: within which scope, on which channels."""

    scope: Literal["conversation", "user", "tenant", "everyone"]
    channels: tuple[Literal["frame", "http", "row"], ...] = ("frame", "http", "row")
    places: tuple[Literal["query", "memory", "document"], ...] = ()
    """Only what was told there; none: whatever it is."""


class Cohort(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of whose samples an objective speaks: of those of which all of this is true."""

    tenant: str | None = None
    role: str | None = None
    """The principal's role in the cast: `user`, `twin` …"""
    kind: str | None = None
    """The query's kind: `question`, `remember` …"""
    phase: Span | None = None
    """When it was due, in seconds of the run."""


class Objective(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit on an indicator: at a quantile, for every sample, of a share, or of a rate."""

    indicator: Name
    limit: Limit
    quantile: float | None = None
    every: bool = False
    window: Duration | None = None
    """The limit holds in each stretch of this length, not only over the whole run."""
    cohort: Cohort | None = None
    warm_up: Duration = Duration(0)
    """What was due so soon after the run began is no sample."""
    agreement: str | None = None
    """The promise that this quotes; the report then says "SLA breach"."""


class Isolation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sure a PASS must be."""

    bound: float = 0.01
    control: bool = True
    """Whether breaks are planted into a copy of every run, and must be found again."""
    facts: bool = True
    """Whether answers tell what is known of their own user's persona, so that another's shows."""
    correlation: float = 0.0
    """How alike one user's opportunities are taken to be: 0 independent, 1 all the same."""


class Lag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How late the generator itself may be before its latencies are not trusted."""

    limit: Duration = Duration(0.25)
    share: float = 0.05


DEFAULT_OBJECTIVES = (
    Objective(indicator="completion", quantile=0.95, limit=Limit.of(5, "duration")),
    Objective(indicator="first_event", quantile=0.95, limit=Limit.of(5, "duration")),
    Objective(indicator="connect", every=True, limit=Limit.of(2, "duration")),
    Objective(indicator="error_share", limit=Limit.of(0.01, "share")),
)
