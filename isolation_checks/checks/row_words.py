"""Which queries are lost by their words: where rows do not name queries, and of what was told.

It says whose words are missing, and why that may be in doubt; what follows is the check's.
"""

from __future__ import annotations

import narwhals.stable.v2 as nw

from isolation_checks.checks import missing, visible
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, records
from isolation_checks.plan.tables.rows import Table
from isolation_checks.records import PrincipalId, QueryId


def in_no_row(run: Run, answered: list[Query]) -> tuple[list[Query], str, missing.Aged | None]:
    """Queries whose words are in no row at all, where rows do not name queries.

    Rows in Redis do not count: that they are gone says nothing.  Beside them why they are in
    doubt, and what may have been deleted as old.
    """
    assert run.reading is not None
    assert run.history.plan.rows is not None
    if not run.reading.settled or run.reading.left_out:
        return [], "", None
    lasting = [table.name for table in run.history.plan.rows.tables if not table.keys]
    lasts = nw.col("kind").is_in(lasting)
    in_rows = run.sightings.filter((nw.col("channel") == "row") & nw.col("planted") & lasts)
    kept = {record["canary"] for record in records(in_rows.select("canary").unique())}
    planted: dict[QueryId, list[str]] = {}
    for canary, planting in run.history.plantings.items():
        if planting.kind == "token" and planting.query is not None:
            planted.setdefault(planting.query, []).append(canary)
    asked = [query for query in answered if query.id in planted]
    there = {query.id for query in asked if kept.intersection(planted[query.id])}
    if asked and not missing.was_lost(asked, there):
        return (
            [],
            (
                f"the described columns hold the words of only {len(there)} of {len(asked)} "
                "answered queries: where not each leaves them in a row, rows.every_query is false"
            ),
            None,
        )
    others = {query.id for query in answered} - planted.keys()
    aged = missing.outlived(answered, there | others)  # which say that a conversation went on
    if aged is not None:
        return [], "", aged
    late = missing.late(answered, there | others, run.history.plan.rows.settle)
    if late:
        return [], late, None
    seen = {query.principal for query in asked if query.id in there}
    lost = [query for query in asked if query.id not in there]
    hidden = {query.principal for query in lost} - seen
    return [query for query in lost if query.principal in seen], unseen("any table", hidden), None


def forgotten(run: Run, table: Table) -> tuple[list[Query], str]:
    """Words that the platform said it would remember, and that are in no row here."""
    assert run.reading is not None
    if not run.reading.settled or table.name in run.reading.left_out:
        return [], ""
    told = visible.told_to_remember(run)
    here = (nw.col("channel") == "row") & (nw.col("kind") == table.name)
    kept = {r["canary"] for r in records(run.sightings.filter(here).select("canary").unique())}
    tellers = [run.history.queries[query] for query in told.values()]
    there = {query for word, query in told.items() if word in kept}
    lost = [query for query in tellers if query.id not in there]
    if lost and not missing.was_lost(tellers, there, lambda query: query.principal):
        return [], (
            f"{table.name} holds only {len(there)} of {len(told)} words that were to be "
            "remembered: they were never stored, or could not be read"
        )
    assert run.history.plan.rows is not None
    late = missing.late(tellers, there, run.history.plan.rows.settle)
    if late:
        return [], f"{table.name}: {late}"
    seen = visible.principals(run).get(table.name, frozenset())
    hidden = {query.principal for query in lost} - seen
    return [query for query in lost if query.principal in seen], unseen(table.name, hidden)


def unseen(table: str, principals: set[PrincipalId]) -> str:
    """Of whom nothing was read, so that nothing of theirs can be missed; empty: of nobody."""
    if not principals:
        return ""
    return f"no row of {', '.join(sorted(principals)[:3])} was read from {table}, lost or not"
