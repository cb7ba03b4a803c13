from __future__ import annotations

import pytest

from isolation_checks.discovery.joins import Joins
from isolation_checks.discovery.sample import Column, Reference, Sample


def table(name, references=None, **columns):
    """A sample of these columns, each with its values."""
    count = max(map(len, columns.values()))
    return Sample(
        name=name,
        columns=tuple(Column(name=column, type="text") for column in columns),
        references=references or {},
        rows=[{c: values[row] for c, values in columns.items()} for row in range(count)],
    )


THREADS = table("threads", id=["thread-1", "thread-2", "thread-3"])


def joined(sample, *others):
    """The joins of a table, as a plan begins to say them."""
    joins = Joins([sample, *others]).from_table(sample.name)
    return [f"{join.place} -> {join.table}.{join.key}" for join in joins]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["thread-1", "thread-2", "thread-2"], ["thread_id -> threads.id"]),
        (["thread-1", "thread-2", "thread-9"], []),  # too many are not there
        (["thread-1", "thread-1", "thread-1"], []),  # one value is chance
        (["thread-1", "thread-2", None], ["thread_id -> threads.id"]),
    ],
)
def test_equal_values_are_a_join(values, found):
    """Most of them, and several, of a column in which each stands once."""
    assert found == joined(table("messages", thread_id=values), THREADS)


def test_short_values_are_a_join_only_where_names_belong_together():
    """Small numbers are equal everywhere."""
    runs = table("runs", id=["1", "2", "3"])
    assert ["run_id -> runs.id"] == joined(
        table("logs", run_id=["1", "2", "2"], tries=["1", "2", "3"]), runs
    )


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("pid", ["1", "2", "2"], ["pid -> people.pid"]),
        ("pid", ["1", "2", "3"], []),  # its own rows' numbers: two tables count alike
        ("id", ["1", "2", "2"], []),  # everything has one
    ],
)
def test_a_place_that_is_called_as_another_tables_key_is_of_that_table(name, values, found):
    """However short its values are: so natural joins are written."""
    people = table("people", **{name: ["1", "2", "3"]})
    assert found == joined(table("rooms", **{name: values}), people)


@pytest.mark.parametrize("values", [["1.5", "2.5"], ["2026-01-01 10:00", "2026-01-02T10:00"]])
def test_times_and_fractions_are_no_ids(values):
    """Two rows that were made at once are not each other's."""
    assert [] == joined(table("a", created_at=values), table("b", created_at=values))


def test_a_declared_reference_needs_no_sightings():
    """And is surer than equal values."""
    references = {"t": Reference(table="threads", column="id")}
    sample = table("messages", references, t=["elsewhere"], other=["thread-1"])
    assert ["t -> threads.id"] == joined(sample, THREADS)


def test_ways_lead_over_several_tables_and_never_in_circles():
    """Nearest first, with the rows that each row leads to."""
    runs = table("runs", id=["run-aa", "run-bb"], thread_id=["thread-2", "thread-1"])
    logs = table("logs", run_id=["run-bb", "run-aa", None])
    steps = list(Joins([logs, runs, THREADS]).reachable(logs))
    assert ["run_id -> runs.id -> ", "run_id -> runs.id -> thread_id -> threads.id -> "] == [
        step.way for step in steps
    ]
    assert [{0: 1, 1: 0}, {0: 0, 1: 1}] == [step.rows for step in steps]
