"""The judgement as CSV files, for spreadsheets and notebooks.

It may not compute anything.  Numbers are numbers; words of the target that a spreadsheet would
take for a formula begin with an apostrophe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from reports.disarm import disarm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from isolation_checks.judging.verdict import Judgement

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a formula begins with, narrow or, as East Asian keyboards have it, wide."""
FINDINGS = (
    "id", "check", "part", "kind", "cwe", "victim", "recipient", "channel", "times", "first_s",
    "sentence", "mechanism", "because", "provocation", "folded_into",
)  # fmt: skip
CHECKS = ("name", "part", "verdict", "examined", "unit", "found", "bound", "note", "asks")
OBJECTIVES = (
    "name", "indicator", "statement", "verdict", "unit", "limit", "measured", "lower", "upper",
    "samples", "censored", "needed", "note",
)  # fmt: skip
OPPORTUNITIES = ("name", "count", "seen", "bound", "wanted", "needed", "meaning")
PAIRS = ("owner", "recipient", "channel", "times")
LATENCY = ("phase", "label", "samples", "censored", "quantile", "seconds")


def findings(judgement: Judgement) -> bytes:
    """A row per finding that is kept; the witness stands in `verdict.json`."""
    return _written(disarm(judgement).findings, FINDINGS)


def checks(judgement: Judgement) -> bytes:
    """A row per check."""
    return _written(disarm(judgement).checks, CHECKS)


def objectives(judgement: Judgement) -> bytes:
    """A row per objective; limits and measures in its unit, seconds or a share from 0 to 1."""
    return _written(disarm(judgement).objectives, OBJECTIVES)


def opportunities(judgement: Judgement) -> bytes:
    """A row per class of opportunity; bounds are shares from 0 to 1."""
    return _written(disarm(judgement).opportunities, OPPORTUNITIES)


def pairs(judgement: Judgement) -> bytes:
    """A row per owner, recipient and channel between which anything passed: all of them."""
    return _written(disarm(judgement).pairs, PAIRS)


def latency(judgement: Judgement) -> bytes:
    """A row per phase and quantile (0 to 1); no seconds where that many never finished."""
    rows = []
    for phase in disarm(judgement).latency:
        last = max(len(phase.quantiles_s) - 1, 1)
        same = (phase.phase, phase.label, phase.samples, phase.censored)
        rows += [
            (*same, round(place / last, 6), seconds)
            for place, seconds in enumerate(phase.quantiles_s)
        ]
    return _csv(rows, LATENCY)


def inert(value: object) -> object:
    """A value that no spreadsheet computes."""
    if isinstance(value, str) and value.lstrip().startswith(FORMULA):
        return f"'{value}"
    return value


def _written(records: Iterable[msgspec.Struct], columns: Sequence[str]) -> bytes:
    return _csv([tuple(getattr(each, name) for name in columns) for each in records], columns)


def _csv(rows: Iterable[Sequence[object]], columns: Sequence[str]) -> bytes:
    """Rows as CSV, UTF-8; an empty cell is what is unknown."""
    cells = [[inert(value) for value in row] for row in rows]
    frame = pd.DataFrame(cells, columns=list(columns), dtype=object)
    return frame.to_csv(index=False, lineterminator="\n").encode()
