"""A capacity as tables: a row for each step, and one for each resource of each step.

It may not compute anything; an empty cell is what is unknown.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from reports.disarm import disarm
from reports.tables import inert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from isolation_checks.verdicts.capacity import Capacity, Estimate, Step

PLAIN = (
    *("number", "users", "confirms", "from_s", "to_s", "verdict", "queries", "answered"),
    *("unfinished", "offered", "concurrency", "errors", "bleeds", "late", "stall_s", "trusted"),
    "note",
)
INTERVALS = ("throughput", "goodput", "own", "bleeds_per_thousand")
ENDS = ("value", "lower", "upper")


def steps(capacity: Capacity) -> bytes:
    """A row for each step: its figures, intervals as three columns, quantiles of completion."""
    capacity = disarm(capacity)
    quantiles = sorted({each.q for step in capacity.steps for each in step.completion})
    heads = [*PLAIN]
    heads += [f"{name}_{end}" for name in INTERVALS for end in ENDS]
    heads += [f"p{q * 100:g}_{end}" for q in quantiles for end in ("measured", "lower", "upper")]
    return _csv([heads, *(_row(step, quantiles) for step in capacity.steps)])


def resources(capacity: Capacity) -> bytes:
    """A row for each resource that was sampled during each step."""
    names = ("source", "resource", "unit", "mean", "peak", "most")
    rows = [
        [step.number, step.users, *(getattr(used, name) for name in names)]
        for step in disarm(capacity).steps
        for used in step.resources
    ]
    return _csv([["number", "users", *names], *rows])


def _row(step: Step, quantiles: Sequence[float]) -> list[object]:
    by_q = {each.q: each for each in step.completion}
    row: list[object] = [getattr(step, name) for name in PLAIN]
    for name in INTERVALS:
        estimate: Estimate | None = getattr(step, name)
        row += [None if estimate is None else getattr(estimate, end) for end in ENDS]
    for q in quantiles:
        found = by_q.get(q)
        row += [None] * 3 if found is None else [found.measured, found.lower, found.upper]
    return row


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerows([inert(cell) for cell in row] for row in rows)
    return written.getvalue().encode()
