from __future__ import annotations

import pytest

from isolation_checks.checks import visible
from tests.isolation_checks.language import told
from tests.isolation_checks.recording import ENGINES

NAMES = "a?q1 a!q1 b?q2 b!q2 "


@pytest.mark.parametrize("engine", ENGINES)
def test_whose_rows_were_read_is_told_for_every_table(engine):
    """By the row's owner, its conversation's, or who asked its query."""
    script = NAMES + "messages|a messages|?,>b messages|!zoe messages|c,q9"
    run = told(script + " messages|?,q2", engine)
    assert {"messages": {"a", "b", "c"}} == visible.principals(run)


@pytest.mark.parametrize(
    ("rows", "doubt"),
    [
        ("messages|a messages|b", ""),
        ("messages|a", "rows of only 1 known principals could be read from messages: "),
        ("messages|!zoe messages|?", "no row of a known principal's was read from messages"),
        ("messages|c messages|d", "rows of only 0 of 2 principals with answers could be read"),
    ],
)
def test_few_visible_principals_are_a_reason_to_doubt(rows, doubt):
    """The reader may not be allowed to see the others."""
    run = told(NAMES + rows)
    said = visible.doubt(run, list(run.history.plan.rows.tables))
    assert said.startswith(doubt)
    assert bool(said) == bool(doubt)


def test_a_table_of_memories_is_empty_where_hardly_anybody_told_any():
    """That is no reason to doubt that it was read; where several told, it is."""
    plan = {"rows": {"tables": [{"name": "memories", "owner": "x", "remembers": True}]}}
    script = "a?q1,A1 a!q1 b?q2,B1 b!q2 messages|a,A1 messages|b,B1"
    for memories, doubt in (((), ""), (("A1",), ""), (("A1", "B1"), "no row of a known")):
        run = told(script, plan=plan, memories=memories, rows=True)
        said = visible.doubt(run, list(run.history.plan.rows.tables))
        assert said.startswith(doubt or "rows of only 0 of 2 principals with answers")
