"""Whose rows could be read at all: a role under row-level security sees few, and no error.

It says what was visible; what follows from that is for the checks of rows.
"""

from __future__ import annotations

import re

import narwhals.stable.v2 as nw

from isolation_checks.loading.rows import Reading
from isolation_checks.loading.run import Run, records
from isolation_checks.plan.tables.rows import Table
from isolation_checks.records import Ending, PrincipalId, QueryId

SEVERAL = 2
MOST = 0.5
MEMORY = "memory"
"""Where words are planted that the platform is told to remember."""
_DATABASE = re.compile(r"[A-Z]\w*(Error|Exception): ")
"""What a database says begins with the name of its error."""
_WHOSE = ("owner", "conversation_owner", "asker")


def principals(run: Run) -> dict[str, frozenset[PrincipalId]]:
    """For every table, whose rows were read: the row's, its conversation's or its query's."""
    seen: dict[str, frozenset[PrincipalId]] = {}
    for column in _WHOSE:
        whose = run.rows.select("table", nw.col(column).alias("whose"))
        for record in records(whose.filter(~nw.col("whose").is_null()).unique()):
            name = record["table"]
            seen[name] = seen.get(name, frozenset()) | {PrincipalId(record["whose"])}
    return seen


def problem(reading: Reading | None) -> str:
    """Why no rows can be judged at all, in what the database said, or of what was kept of them."""
    if reading is None or reading.problem is None:
        return "the rows were never collected"
    by_database = _DATABASE.match(reading.problem) is not None
    return f"the rows could not be read: {reading.problem}" if by_database else reading.problem


def told_to_remember(run: Run) -> dict[str, QueryId]:
    """The words that the platform was told to remember, and said that it would."""
    queries = run.history.queries
    return {
        canary: planting.query
        for canary, planting in run.history.plantings.items()
        if planting.kind == "token"
        and planting.place == MEMORY
        and planting.query in queries
        and queries[planting.query].ending is Ending.OK
    }


def doubt(run: Run, tables: list[Table]) -> str:
    """Why the rows of some tables may be there and have not been read; empty: they were."""
    seen = principals(run)
    queries = run.history.queries
    told = {queries[query].principal for query in told_to_remember(run).values()}
    for table in tables:
        if table.remembers and len(told) < SEVERAL:
            continue  # it holds nothing but what was told
        whose = seen.get(table.name, frozenset())
        if not whose:
            return f"no row of a known principal's was read from {table.name}"
        if len(whose) < SEVERAL:
            return (
                f"rows of only {len(whose)} known principals could be read from {table.name}: "
                "is the reader allowed to see all?"
            )
    answered = {q.principal for q in run.history.queries.values() if q.ending is Ending.OK}
    everybody = frozenset().union(*seen.values()) & answered
    if len(everybody) < MOST * len(answered):
        return (
            f"rows of only {len(everybody)} of {len(answered)} principals with answers could "
            "be read: is the reader allowed to see all?"
        )
    return ""
