"""Which rows that belong to nobody are the platform's own, and which a user's that it lost.

Many tables name an author: what the agent says is nobody's there, or `system`'s, and the
conversation has the owner.  It says which cases are sure and why others are in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import row_findings
from isolation_checks.loading.run import Run, records
from isolation_checks.plan.tables.rows import Table
from isolation_checks.records import QueryId

FEWEST = 10
"""Queries from which on something may be told to be how the platform always writes."""
USUAL = 0.9
"""It writes so always where this share of the queries that left rows left such a one."""

_Case = tuple[QueryId | None, dict[str, Any]]
"""A row, and the query that it names or whose words it holds."""
_NO_QUERY = "no query"


def nobodys(
    run: Run, rows: list[dict[str, Any]], table: Table
) -> tuple[list[row_findings.Case], str]:
    """Rows of this run that nobody owns, and why they are in doubt.

    One without an owner may be its conversation's.  A row is of this run by its query, its
    conversation or its words.
    """
    worded = _planted_in(run, table)
    lost: list[_Case] = []
    owned: list[_Case] = []
    for row in rows:
        held = row["stated_owner"] is None and row["conversation_owner"] is not None
        words = worded.get(row["index"])
        named = row["query"] or words
        case = (None if named in (None, _NO_QUERY) else QueryId(named), row)
        if row["owner"] is not None:
            owned.append(case)
        elif row["placeholder"] and not held and (words or _is_ours(run, row)):
            lost.append(case)
    doubt = _told_apart(table.name, lost, owned)
    if doubt:
        return [], doubt
    queries = run.history.queries
    return [(None if query is None else queries.get(query), row) for query, row in lost], ""


def _planted_in(run: Run, table: Table) -> dict[int, str]:
    """For the rows of a table that hold words of this run, the query that planted the first."""
    seen = run.sightings.filter(
        (nw.col("channel") == "row") & nw.col("planted") & (nw.col("kind") == table.name)
    )
    queries: dict[int, str] = {}
    for record in records(seen.select("index", "planted_query"), "index", "planted_query"):
        queries.setdefault(record["index"], record["planted_query"] or _NO_QUERY)
    return queries


def _is_ours(run: Run, row: dict[str, Any]) -> bool:
    return row["asker"] is not None or run.ownership.is_of_this_run(row["conversation"])


def _told_apart(table: str, nobodys: Sequence[_Case], owned: Sequence[_Case]) -> str:
    """Why rows of a placeholder's, or of nobody's, may be the platform's own; empty: they are not.

    Args:
        table: the table's name.
        nobodys: its rows of this run that belong to a placeholder or to nobody.
        owned: its rows that belong to a known principal.
    """
    if not nobodys:
        return ""
    about = {query for query, _ in nobodys if query is not None}
    beside = {query for query, _ in owned if query is not None}
    whole = len(about | beside)
    always = about <= beside and whole >= FEWEST and len(about) >= USUAL * whole
    if about and not always:
        return ""
    what = "about no query" if not about else f"about {len(about)} of {whole} queries"
    beside_them = ", each beside one of its user's" if about else ""
    return (
        f"{len(nobodys)} rows of {table}, {what}{beside_them}, belong to {_who(nobodys)}: if "
        "that is whom the platform itself writes as, let `owner` lead to the conversation's owner"
    )


def _who(nobodys: Sequence[_Case]) -> str:
    stated = sorted({row["stated_owner"] for _, row in nobodys if row["stated_owner"]})
    return f"the placeholder {stated[0]!r}" if stated else "nobody"
