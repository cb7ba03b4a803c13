"""How one gets from a table to another: by declared references, or because values are equal.

It looks at samples alone and knows nothing of the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from isolation_checks.discovery.sample import Sample

MOST = 3
"""Joins that a way may have."""
FOUND = 0.7
"""The share of a place's values that must be another's keys, where no reference is declared."""
FEWEST = 2
SHORT = 6
"""Characters under which equal values are chance, unless the names belong together too."""
NOBODYS = ("id", "key", "nr", "no", "number")
"""Names that a key has in any table."""
LONG = 200
"""Characters over which a value is no id."""
_NO_ID = re.compile(r"[+-]?\d+\.\d*|\d{4}-\d\d-\d\d[ T].*")
"""Fractions and times: two rows that were made at once are not each other's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """From a place of one table to the key of another."""

    place: str
    table: str
    key: str
    declared: bool
    matched: int
    """How many different values were found there."""
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A table that can be reached, and how the way to it begins: `run_id -> runs.id -> `."""

    sample: Sample
    way: str
    joins: tuple[Join, ...]
    rows: Mapping[int, int]
    """For rows of the first table, the row of this one that they lead to."""


class Joins:
    """The joins between all the samples of one database."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = {sample.name: sample for sample in samples if not sample.problem}
        self._known: dict[str, list[Join]] = {}
        self._unique = {
            (sample.name, column.name): _rows_by_value(sample, column.name)
            for sample in self._samples.values()
            for column in sample.columns
        }

    def from_table(self, name: str) -> list[Join]:
        """The joins that begin at a table, surest first."""
        if name not in self._known:
            found = list(self._found(self._samples[name]))
            found.sort(key=lambda j: (not j.declared, -j.matched, j.place.count("."), len(j.place)))
            self._known[name] = found
        return self._known[name]

    def reachable(self, start: Sample) -> Iterator[Step]:
        """The tables that a table leads to, nearest first; each by its surest way."""
        seen = {start.name}
        steps = [Step(sample=start, way="", joins=(), rows={r: r for r in range(len(start.rows))})]
        for _ in range(MOST):
            further = []
            for step in steps:
                for join in self.from_table(step.sample.name):
                    if join.table not in seen:
                        seen.add(join.table)
                        further.append(self._joined(step, join))
            yield from further
            steps = further

    def _joined(self, step: Step, join: Join) -> Step:
        keys = self._unique[join.table, join.key] or {}
        values = step.sample.places[join.place]
        rows = {
            first: keys[values[here]]
            for first, here in step.rows.items()
            if here in values and values[here] in keys
        }
        way = f"{step.way}{join.place} -> {join.table}.{join.key} -> "
        there = self._samples[join.table]
        return Step(sample=there, way=way, joins=(*step.joins, join), rows=rows)

    def _found(self, sample: Sample) -> Iterator[Join]:
        for place, standing in sample.places.items():
            values = set(standing.values())
            declared = sample.references.get(place)
            for other in self._samples.values():
                if other.name == sample.name or not values:
                    continue
                for column in other.columns:
                    keys = self._unique[other.name, column.name]
                    says = declared is not None and (declared.table, declared.column) == (
                        other.name,
                        column.name,
                    )
                    named = self._named_so(sample, place, column.name)
                    if keys is None or not (
                        says or _is_like(place, other.name, values, named=named)
                    ):
                        continue
                    matched = len(values & keys.keys())
                    enough = matched >= FEWEST and matched >= FOUND * len(values)
                    if says or enough:
                        yield Join(
                            place=place,
                            table=other.name,
                            key=column.name,
                            declared=says,
                            matched=matched,
                            of=len(values),
                        )

    def _named_so(self, sample: Sample, place: str, key: str) -> bool:
        """Whether a place is called as the key is, and is no such key of its own table.

        Two tables that count their own rows call the numbers alike and mean none of the other.
        """
        last = place.rpartition(".")[2].lower()
        own = self._unique.get((sample.name, place)) is not None
        return last == key.lower() and last not in NOBODYS and not own


def _rows_by_value(sample: Sample, column: str) -> dict[str, int] | None:
    """The rows by what stands in a column; None where the same stands in two: it is no key."""
    values = sample.places[column]
    rows = {value: row for row, value in values.items()}
    return rows if len(rows) == len(values) else None


def _is_like(place: str, table: str, values: set[str], *, named: bool) -> bool:
    """Whether equal values would mean something: long ones do, or names that belong together."""
    if max(map(len, values)) > LONG or all(map(_NO_ID.fullmatch, values)):
        return False
    if named or min(map(len, values)) >= SHORT:
        return True
    last = table.rpartition(".")[2].lower()
    stem = place.rpartition(".")[2].lower().removesuffix("id").rstrip("_")
    return len(stem) > 1 and (last.startswith(stem) or stem.endswith(last.rstrip("s")))
