"""What the numbers of a plan may be, where any number would be read: none of these can be meant."""

from __future__ import annotations

import operator
from collections.abc import Iterator

from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.rows import Rows

_COUNTS = (
    *("cast.observers", "cast.visitors", "cast.burst", "cast.decoys", "cast.phantoms"),
    *("cast.departed", "cast.tenants", "workload.words", "workload.pool", "lag.share"),
)
_SOME = (
    *("target.connect_timeout", "target.frame_limit", "auth.pace", "auth.lifetime"),
    *("workload.timeout", "workload.turns", "workload.concurrent", "workload.burst"),
)


def complaints(plan: Plan) -> Iterator[str]:
    """Numbers below zero, and noughts where something must be."""
    for place in _COUNTS:
        if not operator.attrgetter(place)(plan) >= 0:
            yield f"{place} is at least 0"
    for place in _SOME:
        if not operator.attrgetter(place)(plan) > 0:
            yield f"{place} must be more than nothing"
    if plan.dialect.alive is not None and not plan.dialect.alive.every > 0:
        yield "dialect.alive.every must be more than nothing"
    if plan.rows is not None:
        yield from _of_rows(plan.rows)


def _of_rows(rows: Rows) -> Iterator[str]:
    if rows.limit < 1:
        yield "rows.limit must be more than nothing"
    for table in rows.tables:
        for name in ("each_query", "each_failed"):
            if (getattr(table, name) or 0) < 0:
                yield f"{name} of table {table.name} is at least 0"
