"""What a plan may say: its tables, each a frozen struct of `plan.tables`, in one.

It holds no file and looks at no environment; `plan.read` does that.  Every key
stands in `docs/plan.md` under its own heading.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from isolation_checks.plan.tables.auth import Auth
from isolation_checks.plan.tables.dialect import Dialect
from isolation_checks.plan.tables.objectives import (
    DEFAULT_OBJECTIVES,
    Allow,
    Isolation,
    Lag,
    Objective,
)
from isolation_checks.plan.tables.probes import Probes
from isolation_checks.plan.tables.resources import Resources
from isolation_checks.plan.tables.rows import Rows
from isolation_checks.plan.tables.target import Target
from isolation_checks.plan.tables.workload import Cast, Provocations, Workload


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One whole plan."""

    target: Target
    auth: Auth
    dialect: Dialect
    cast: Cast = msgspec.field(default_factory=Cast)
    workload: Workload = msgspec.field(default_factory=Workload)
    provocations: Provocations = msgspec.field(default_factory=Provocations)
    probes: Probes = msgspec.field(default_factory=Probes)
    sharing: tuple[Allow, ...] = (Allow(scope="user"),)
    objectives: tuple[Objective, ...] = DEFAULT_OBJECTIVES
    isolation: Isolation = msgspec.field(default_factory=Isolation)
    lag: Lag = msgspec.field(default_factory=Lag)
    rows: Rows | None = None
    resources: Resources | None = None
    required: tuple[Literal["evidence", "isolation", "objectives"], ...] = (
        "evidence",
        "isolation",
        "objectives",
    )
    seed: int | None = None
