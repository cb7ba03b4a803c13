from __future__ import annotations

import csv
import io

import pytest

from reports import tables
from tests.reports import samples

ALL = {
    "findings": tables.findings,
    "checks": tables.checks,
    "objectives": tables.objectives,
    "opportunities": tables.opportunities,
    "pairs": tables.pairs,
    "latency": tables.latency,
}


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
        ({"phase": "connect", "quantile": "0.0", "seconds": "0.012"}, "latency", "passing"),
    ],
)
def test_a_row_is_a_thing_of_the_judgement(expected, name, judgement):
    """Its numbers as they are, not rounded for people."""
    assert expected.items() <= read(ALL[name](samples.EVERY[judgement]()))[0].items()


def test_what_is_unknown_is_empty_and_whole_numbers_stay_whole():
    """A missing CWE beside a known one makes no `488.0`."""
    told = read(tables.findings(samples.failing()))
    assert [row["cwe"] for row in told] == ["488", ""]
    assert told[1]["recipient"] == ""
    assert read(tables.objectives(samples.unknown()))[0]["measured"] == ""


def test_quantiles_run_from_nought_to_one_and_stop_where_nothing_finished():
    """101 of each phase; those among unfinished queries have no seconds."""
    told = [row for row in read(tables.latency(samples.slow())) if row["phase"] == "completion"]
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
