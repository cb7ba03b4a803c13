"""Whether words could have been seen in rows at all: encrypted ones look as clean as right ones.

It says of which tables no more is known than whose rows they are; what follows is the check's.
"""

from __future__ import annotations

import narwhals.stable.v2 as nw

from isolation_checks.loading.run import Relation, count
from isolation_checks.plan.tables.rows import Table

FEWEST = 10
"""Rows of a table in which some word of the run should stand, if its columns hold words."""


def said(owned: list[Table], judgeable: Relation, worded: Relation) -> tuple[str, tuple[str, ...]]:
    """Why no word in a row could have been seen, if none; and of which tables that is so.

    Args:
        owned: the tables that say whose their rows are.
        judgeable: the rows of this run, of which the holder is known.
        worded: the sightings of its words in rows.
    """
    rows = {table.name: count(judgeable.filter(nw.col("table") == table.name)) for table in owned}
    mute = [
        table
        for table in owned
        if rows[table.name] >= FEWEST and not count(worded.filter(nw.col("kind") == table.name))
    ]
    described = [table for table in mute if _columns(table)]
    if described and not count(worded):
        first = described[0]
        return (
            f"no word of this run stands in any row, as not in the {rows[first.name]} of "
            f"{first.name}, where the plan names {_columns(first)}: are they encrypted, or kept "
            "elsewhere? Where the plan names none, rows are judged by whose they are alone"
        ), ()
    if mute and not count(worded):
        return "", ("what the rows say: the plan names no columns with words",)
    return "", tuple(
        f"what {rows[table.name]} rows of {table.name} say: no word of this run stands in "
        f"{_columns(table)}"
        for table in described
    )


def _columns(table: Table) -> str:
    return ", ".join((*table.text, *table.json))
