"""What may flow, how sure a PASS must be, and what was promised."""

from __future__ import annotations

from typing import Literal

import msgspec

from isolation_checks.plan.units import Duration, Limit


class Allow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that may flow: within which scope, on which channels."""

    scope: Literal["conversation", "user", "tenant", "everyone"]
    channels: tuple[Literal["frame", "http", "row"], ...] = ("frame", "http", "row")


class Objective(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit on an indicator: at a quantile, for every sample, or of a share."""

    indicator: Literal["completion", "first_event", "connect", "error_share"]
    limit: Limit
    quantile: float | None = None
    every: bool = False
    agreement: str | None = None
    """The promise that this quotes; the report then says "SLA breach"."""


class Isolation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sure a PASS must be."""

    bound: float = 0.01


class Lag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How late the generator itself may be before its latencies are not trusted."""

    limit: Duration = Duration(0.25)
    share: float = 0.05


DEFAULT_OBJECTIVES = (
    Objective(indicator="completion", quantile=0.95, limit=Limit.of(5, is_duration=True)),
    Objective(indicator="first_event", quantile=0.95, limit=Limit.of(5, is_duration=True)),
    Objective(indicator="connect", every=True, limit=Limit.of(2, is_duration=True)),
    Objective(indicator="error_share", limit=Limit.of(0.01, is_duration=False)),
)
