"""What was sampled of the platform's resources, as levels over the run's seconds.

It reads whatever is whole of it; that nothing was sampled is said in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from isolation_checks.errors import HarnessError
from isolation_checks.history.directory import RunDirectory, read_json
from isolation_checks.history.stream import batches, digest
from isolation_checks.plan.model import Plan
from isolation_checks.resources.source import SEAL, STREAM, Unit

_Numbers = npt.NDArray[np.float64]
HOLE = 4
"""Samples further apart than so many times their distance have a hole between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One resource: its level in each stretch between two samples."""

    source: str
    resource: str
    unit: Unit
    most: float | None
    from_s: _Numbers
    to_s: _Numbers
    level: _Numbers

    def mean(self, from_s: float, to_s: float) -> float | None:
        """Its level on average; None where nothing was sampled then."""
        over = np.minimum(self.to_s, to_s) - np.maximum(self.from_s, from_s)
        weight = np.maximum(over, 0.0)
        total = float(np.sum(weight))
        return float(np.sum(weight * self.level)) / total if total > 0 else None

    def peak(self, from_s: float, to_s: float) -> float | None:
        """Its highest level between two samples that lie in that time."""
        inside = self.level[(self.from_s < to_s) & (self.to_s > from_s)]
        return float(np.max(inside)) if len(inside) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """All that was sampled in a run, and what could not be."""

    series: tuple[Series, ...] = ()
    missing: tuple[str, ...] = ()
    """Why something that was asked for was not, or not always, sampled: a sentence each."""


def load(directory: RunDirectory, plan: Plan, started_ns: int) -> Sampled:
    """What was sampled in a run."""
    if plan.resources is None:
        return Sampled()
    stream = directory.resources / STREAM
    if not stream.exists():
        return Sampled(missing=("nothing was sampled: the sampler never began",))
    missing = [*_unsealed(directory)]
    records = [record for batch in batches(stream) for record in batch.to_pylist()]
    every_s = float(plan.resources.every)
    asked = [name for name, source in _asked(plan).items() if source]
    missing += [
        f"{name}: it was never sampled"
        for name in asked
        if name not in {record["source"] for record in records}
    ]
    missing += _troubles(records)
    return Sampled(
        series=tuple(_series(records, started_ns, every_s)), missing=tuple(dict.fromkeys(missing))
    )


def _asked(plan: Plan) -> Mapping[str, object]:
    resources = plan.resources
    assert resources is not None  # asked for only then
    return {
        "processes": resources.processes,
        **{each.name: each for each in resources.prometheus},
        "database": resources.database,
    }


def _unsealed(directory: RunDirectory) -> Iterator[str]:
    try:
        sealed = read_json(directory.resources / SEAL)["streams"]["samples"]
    except (HarnessError, KeyError):
        yield "the sampler left no seal: what came after its last sample was not seen"
        return
    if digest(directory.resources / STREAM) != (sealed["octets"], sealed["sha256"]):
        yield "what was sampled is not as it was sealed"


def _troubles(records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What each source said when it could not be sampled, and how often."""
    for source in sorted({record["source"] for record in records}):
        own = [record for record in records if record["source"] == source]
        said = [record["trouble"] for record in own if record["trouble"] is not None]
        looks = len({record["at_ns"] for record in own})
        if said:
            often = "ever" if len(said) == looks else f"{len(said)} of {looks} times"
            yield f"{source} could not be sampled {often}: {said[0]}"


def _series(
    records: Sequence[Mapping[str, Any]], started_ns: int, every_s: float
) -> Iterator[Series]:
    def of(record: Mapping[str, Any]) -> tuple[str, str]:
        return record["source"], record["resource"]

    told = [record for record in records if record["trouble"] is None]
    order = {key: place for place, key in reversed(list(enumerate(map(of, told))))}
    told.sort(key=lambda record: (order[of(record)], record["at_ns"]))
    for (source, resource), group in groupby(told, key=of):
        own = list(group)
        stretches = [
            (before, after)
            for before, after in pairwise(own)
            if 0 < after["at_ns"] - before["at_ns"] <= HOLE * max(every_s, 0.5) * 1e9
        ]
        yield Series(
            source=source,
            resource=resource,
            unit=own[-1]["unit"],
            most=own[-1]["most"],
            from_s=np.array([(before["at_ns"] - started_ns) / 1e9 for before, _ in stretches]),
            to_s=np.array([(after["at_ns"] - started_ns) / 1e9 for _, after in stretches]),
            level=np.array([_level(before, after) for before, after in stretches]),
        )


def _level(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """What a counter grew by in a second, and of anything else the middle of both."""
    first, last = float(before["value"]), float(after["value"])
    if not after["counts"]:
        return (first + last) / 2
    grown = last - first if last >= first else last  # it began anew, from nothing
    return grown * 1e9 / int(after["at_ns"] - before["at_ns"])
