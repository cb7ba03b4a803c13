"""Which of the platform's own resources are sampled while it is driven, and where."""

from __future__ import annotations

import msgspec

from isolation_checks.plan.units import Duration, Secret


class Processes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Processes of the machine on which the drive was started, with all that they started."""

    pids: tuple[int, ...] = ()
    ports: tuple[int, ...] = ()
    """Whoever listens there."""


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sample of a Prometheus endpoint; where several fit they are added up."""

    name: str
    """As it stands on the endpoint: `process_cpu_seconds_total`."""
    labels: dict[str, str] = {}
    """Those that it must have."""
    shows: str | None = None
    """What it is called here; `cpu` is counted in cores, `memory` in bytes."""
    most: float | None = None
    """What there is of it: the size of a pool."""


class Prometheus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint that says metrics in Prometheus's text format."""

    url: str
    metrics: tuple[Metric, ...]
    name: str = "prometheus"
    token: Secret | None = None
    """Shown as a bearer's."""


class Database(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PostgreSQL whose connections are counted."""

    url: str | None = None
    """If not that of the rows."""


class Resources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sampled besides what users see, for figures; no verdict depends on it."""

    every: Duration = Duration(1)
    processes: Processes | None = None
    prometheus: tuple[Prometheus, ...] = ()
    database: Database | None = None
