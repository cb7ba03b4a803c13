from __future__ import annotations

import pytest

from isolation_checks.discovery import times
from isolation_checks.discovery.sample import Column, Sample

STARTED = 1_800_000_000.0


def sample(type_="text", **columns):
    """Rows of these columns, one value each for every row."""
    return Sample(
        name="t",
        columns=tuple(Column(name=name, type=type_) for name in columns),
        rows=[dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    )


@pytest.mark.parametrize(
    ("value", "type_", "kind"),
    [
        ("1800000012", "integer", "epoch"),
        ("1800000012.5", "double precision", "epoch"),
        ("1800000012500", "bigint", None),
        ("2027-01-15 08:00:12", "timestamp with time zone", "timestamp"),
        ("2027-01-15T08:00:12Z", "text", "iso"),
        ("2027-01-15T10:00:12+02:00", "text", "iso"),
    ],
)
def test_a_time_of_the_run_is_known_by_its_value(value, type_, kind):
    """And how it is written by its value and its type."""
    found = times.made(sample(type_, at=[value, value]), {0, 1}, STARTED)
    assert times.Made(place="at", kind=kind, number=2) == found


@pytest.mark.parametrize("value", ["1700000000", "17", "soon", "2027-01-15 12:00:12", "nan"])
def test_other_values_are_no_time_of_the_run(value):
    """Nor is a clock that is hours away: its rows would be left out."""
    assert times.made(sample(at=[value]), {0}, STARTED) is None


def test_when_it_was_made_comes_before_when_it_was_changed():
    """Of several; and only most rows' times count."""
    now, other = ["1800000001", "1800000002"], ["1800000003", None]
    both = sample(updated_at=now, created_at=now, seen=other)
    assert "created_at" == times.made(both, {0, 1}, STARTED).place
    assert times.made(sample(seen=other), {0, 1}, STARTED) is None
