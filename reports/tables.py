"""The judgement as tables, for spreadsheets and notebooks: CSV, and Parquet with types.

It may not compute anything.  Numbers are numbers; in CSV, words of the target that a spreadsheet
would take for a formula begin with an apostrophe.
"""

from __future__ import annotations

import io
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from isolation_checks.verdicts.finding import Finding, Pair
from isolation_checks.verdicts.outcomes import CheckOutcome, ObjectiveOutcome, Opportunity, Window
from isolation_checks.verdicts.progress import Slice
from reports.disarm import disarm

if TYPE_CHECKING:
    from isolation_checks.verdicts.verdict import Judgement

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a formula begins with, narrow or, as East Asian keyboards have it, wide."""
KINDS = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}
Row = Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: its columns with their types, and its rows."""

    columns: Mapping[str, pa.DataType]
    rows: Callable[[Judgement], Iterable[Row]]

    def csv(self, judgement: Judgement) -> bytes:
        """Rows as CSV, UTF-8; an empty cell is what is unknown."""
        cells = [[inert(value) for value in row] for row in self.rows(disarm(judgement))]
        frame = pd.DataFrame(cells, columns=list(self.columns), dtype=object)
        return frame.to_csv(index=False, lineterminator="\n").encode()

    def parquet(self, judgement: Judgement) -> bytes:
        """Rows as Parquet, words as they are."""
        rows = [tuple(row) for row in self.rows(disarm(judgement))]
        values = list(zip(*rows, strict=True)) or [()] * len(self.columns)
        arrays = [pa.array(v, k) for v, k in zip(values, self.columns.values(), strict=True)]
        written = io.BytesIO()
        pq.write_table(pa.table(dict(zip(self.columns, arrays, strict=True))), written)
        return written.getvalue()


def parquet(judgement: Judgement) -> Mapping[str, bytes]:
    """Every table as a file of a folder."""
    return {f"{name}.parquet": table.parquet(judgement) for name, table in TABLES.items()}


def inert(value: object) -> object:
    """A value that no spreadsheet computes."""
    if isinstance(value, str) and value.lstrip().startswith(FORMULA):
        return f"'{value}"
    return value


def _of(struct: type[msgspec.Struct], field: str, names: str) -> Table:
    """A table of a struct's fields, a row for each of a judgement's; types are the struct's."""
    columns = _columns(struct, names.split())

    def rows(judgement: Judgement) -> Iterable[Row]:
        for each in getattr(judgement, field):
            yield tuple(getattr(each, name) for name in columns)

    return Table(columns=columns, rows=rows)


def _columns(struct: type[msgspec.Struct], names: Sequence[str]) -> Mapping[str, pa.DataType]:
    hints = get_type_hints(struct)
    return {name: _kind(hints[name]) for name in names}


def _kind(hint: Any) -> pa.DataType:  # noqa: ANN401 - a type annotation
    """The type of a column; None is no value of it."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    return KINDS.get(hint, pa.string())


def _windows(judgement: Judgement) -> Iterable[Row]:
    for objective in judgement.objectives:
        for each in objective.windows:
            same = tuple(getattr(each, name) for name in Window.__struct_fields__)
            yield (objective.name, *same)


def _latency(judgement: Judgement) -> Iterable[Row]:
    """A row per phase and quantile (0 to 1); no seconds where that many never finished."""
    for phase in judgement.latency:
        last = max(len(phase.quantiles_s) - 1, 1)
        same = (phase.phase, phase.label, phase.samples, phase.censored)
        for place, seconds in enumerate(phase.quantiles_s):
            yield (*same, round(place / last, 6), seconds)


def _timeline(judgement: Judgement) -> Iterable[Row]:
    run = judgement.timeline
    for each in run.slices if run is not None else ():
        yield tuple(getattr(each, name) for name in Slice.__struct_fields__)


def _resources(judgement: Judgement) -> Iterable[Row]:
    """A row per slice and resource that was sampled in it."""
    run = judgement.timeline
    for each in run.resources if run is not None else ():
        for slice_, level in zip(run.slices if run is not None else (), each.levels, strict=True):
            if level is not None:
                yield slice_.from_s, each.source, each.resource, each.unit, level, each.most


def _heat(judgement: Judgement) -> Iterable[Row]:
    """A row per slice and step of duration in which anything was; without an end: unfinished."""
    cells, run = judgement.heat, judgement.timeline
    if cells is None or run is None:
        return
    for each, counts, hung in zip(run.slices, cells.counts, cells.unfinished, strict=True):
        for step, count in enumerate(counts):
            if count:
                yield each.from_s, cells.edges_s[step], cells.edges_s[step + 1], count
        if hung:
            yield each.from_s, None, None, hung


def _courses(judgement: Judgement) -> Iterable[Row]:
    for course in judgement.courses:
        for step in course.steps:
            same = (course.label, course.query, course.who, course.due_s, course.took_s)
            yield (*same, step.name, step.from_s, step.to_s)


def _coverage(judgement: Judgement) -> Iterable[Row]:
    for met in judgement.coverage.met if judgement.coverage is not None else ():
        yield met.one, met.other, met.times


_TEXT, _REAL, _WHOLE = pa.string(), pa.float64(), pa.int64()
TABLES: Mapping[str, Table] = {
    "findings": _of(
        Finding,
        "findings",
        "id check part kind cwe victim recipient channel times first_s sentence mechanism because "
        "provocation folded_into",
    ),
    "checks": _of(
        CheckOutcome,
        "checks",
        "name part verdict examined unit found bound note asks",
    ),
    "objectives": _of(
        ObjectiveOutcome,
        "objectives",
        "name indicator statement verdict unit limit measured lower upper samples censored needed "
        "note meaning advice",
    ),
    "opportunities": _of(
        Opportunity, "opportunities", "name count seen bound wanted needed meaning"
    ),
    "pairs": _of(Pair, "pairs", "owner recipient channel times"),
    "windows": Table(
        columns={
            "objective": _TEXT, **_columns(Window, Window.__struct_fields__)
        },
        rows=_windows,
    ),
    "latency": Table(
        columns={
            "phase": _TEXT, "label": _TEXT, "samples": _WHOLE, "censored": _WHOLE,
            "quantile": _REAL, "seconds": _REAL,
        },
        rows=_latency,
    ),
    "timeline": Table(
        columns=_columns(Slice, Slice.__struct_fields__),
        rows=_timeline,
    ),
    "resources": Table(
        columns={
            "from_s": _REAL, "source": _TEXT, "resource": _TEXT, "unit": _TEXT, "level": _REAL,
            "most": _REAL,
        },
        rows=_resources,
    ),
    "heat": Table(
        columns={"slice_s": _REAL, "from_s": _REAL, "to_s": _REAL, "answers": _WHOLE}, rows=_heat
    ),
    "courses": Table(
        columns={
            "label": _TEXT, "query": _TEXT, "who": _TEXT, "due_s": _REAL, "took_s": _REAL,
            "step": _TEXT, "from_s": _REAL, "to_s": _REAL,
        },
        rows=_courses,
    ),
    "coverage": Table(columns={"one": _TEXT, "other": _TEXT, "times": _WHOLE}, rows=_coverage),
}  # fmt: skip
"""Every table of a report; a new one is an entry here."""
