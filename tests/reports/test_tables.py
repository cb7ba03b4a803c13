from __future__ import annotations

import csv
import io

import pyarrow.parquet as pq
import pytest

from reports import tables
from tests.reports import samples

ALL = {name: table.csv for name, table in tables.TABLES.items()}


def read(content):
    """The rows of a CSV file, as any reader has them."""
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.mark.parametrize(
    ("expected", "name", "judgement"),
    [
        ({"id": "F1", "victim": "ana-07", "cwe": "488", "times": "37"}, "findings", "failing"),
        ({"verdict": "FAIL", "examined": "9402", "found": "37"}, "checks", "failing"),
        ({"verdict": "PASS", "limit": "5.0", "measured": "1.31"}, "objectives", "passing"),
        ({"name": "overlap", "count": "1071", "bound": "0.002793"}, "opportunities", "passing"),
        ({"owner": "user-01", "recipient": "user-02", "times": "450"}, "pairs", "bleeding"),
        ({"from_s": "0.0", "sessions": "5", "good": "40", "p95_s": "0.6"}, "timeline", "passing"),
        ({"slice_s": "0.0", "from_s": "0.1", "answers": "30"}, "heat", "passing"),
        ({"label": "the median answer", "step": "our own lag"}, "courses", "passing"),
        ({"objective": "completion", "verdict": "PASS", "samples": "380"}, "windows", "slow"),
        ({"one": "connecting", "other": "connecting", "times": "40"}, "coverage", "passing"),
        ({"phase": "connect", "quantile": "0.0", "seconds": "0.012"}, "latency", "passing"),
    ],
)
def test_a_row_is_a_thing_of_the_judgement(expected, name, judgement):
    """Its numbers as they are, not rounded for people."""
    assert expected.items() <= read(ALL[name](samples.EVERY[judgement]()))[0].items()


def test_what_is_unknown_is_empty_and_whole_numbers_stay_whole():
    """A missing CWE beside a known one makes no `488.0`."""
    told = read(ALL["findings"](samples.failing()))
    assert [row["cwe"] for row in told] == ["488", ""]
    assert told[1]["recipient"] == ""
    assert read(ALL["objectives"](samples.unknown()))[0]["measured"] == ""


def test_quantiles_run_from_nought_to_one_and_stop_where_nothing_finished():
    """101 of each phase; those among unfinished queries have no seconds."""
    told = [row for row in read(ALL["latency"](samples.slow())) if row["phase"] == "completion"]
    assert len(told) == 101
    assert [told[0]["quantile"], told[50]["quantile"], told[100]["quantile"]] == [
        "0.0",
        "0.5",
        "1.0",
    ]
    assert told[87]["seconds"] != ""
    assert {row["seconds"] for row in told[88:]} == {""}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("judgement", samples.EVERY)
def test_the_same_judgement_gives_the_same_bytes_and_no_formula(name, judgement):
    """No cell begins like one; a table without rows still has its heads."""
    content = ALL[name](samples.EVERY[judgement]())
    assert content == ALL[name](samples.EVERY[judgement]())
    assert content.count(b"\n") >= 1
    for row in read(content):
        assert None not in row
        assert not [cell for cell in row.values() if cell.strip()[:1] in set(tables.FORMULA)]


@pytest.mark.parametrize(
    "said", ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", " =1", "\uff1d1"]
)
def test_what_a_spreadsheet_would_compute_is_text(said):
    """By an apostrophe before it; a number stays one, and words stay as they are."""
    assert tables.inert(said) == f"'{said}"
    assert tables.inert(-1.5) == -1.5
    assert tables.inert("ana-07") == "ana-07"


@pytest.mark.parametrize("name", tables.TABLES)
@pytest.mark.parametrize("sample", ["failing", "unknown", "hostile"])
def test_parquet_holds_what_csv_holds_with_types(name, sample):
    """The same columns and rows; a number is a number though all of them are unknown."""
    judgement = samples.EVERY[sample]()
    content = tables.parquet(judgement)[f"{name}.parquet"]
    assert content == tables.TABLES[name].parquet(judgement)
    table = pq.read_table(io.BytesIO(content))
    told = read(ALL[name](judgement))
    assert len(told) == table.num_rows
    header = ALL[name](judgement).decode().splitlines()[0]
    assert header.split(",") == table.column_names
    for row, other in zip(told, table.to_pylist(), strict=True):
        for column, cell in row.items():
            value = other[column]
            assert cell == ("" if value is None else str(tables.inert(value)))
    for column in set(table.column_names) & {"times", "bound", "measured", "p50_s", "seconds"}:
        assert str(table.schema.field(column).type) in {"int64", "double"}
