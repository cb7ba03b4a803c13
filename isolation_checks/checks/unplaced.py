"""Of which queries nobody can say what came, because frames came that could not be tied to any.

A platform without ids, or a dialect that cannot read it, must not seem to be silent.
"""

from __future__ import annotations

import narwhals.stable.v2 as nw

from isolation_checks.dialects.correlate import By, answering
from isolation_checks.loading.run import CONTROL, Run, records
from isolation_checks.records import Ending, QueryId, Reason


def unsure(run: Run) -> frozenset[QueryId]:
    """Answered and timed-out queries in whose time, on whose session, such a frame came.

    A frame that names somebody's query or another user was not; nor was one of a kind that
    answers none.
    """
    dialect = run.history.plan.dialect
    kinds, kind = answering(dialect), nw.col("kind")
    label = nw.col("label_owner")
    other = [*dialect.opens, *dialect.refuses, *(reply.when for reply in dialect.answers)]
    answers = ~kind.is_in(other) if kinds is None else kind.is_in(sorted(kinds))
    loose = run.frames.filter(
        ~nw.col("opcode").is_in(CONTROL)
        & (nw.col("channel") == "frame")
        & nw.col("query").is_null()
        & nw.col("query_owner").is_null()
        & (label.is_null() | (label == nw.col("principal")))
        & (kind.is_null() | answers)
    )
    ended = (nw.col("ending") == Ending.OK.value) | (nw.col("reason") == Reason.TIMEOUT.value)
    asked = run.queries.filter(
        ~nw.col("ending").is_null() & ~nw.col("reason").is_null() & ended
    ).select("query", "session", "sent_s", "over_s")
    met = (
        loose.select("session", "at_s")
        .join(asked, on="session", how="inner")
        .filter((nw.col("at_s") >= nw.col("sent_s")) & (nw.col("at_s") <= nw.col("over_s")))
    )
    return frozenset(QueryId(record["query"]) for record in records(met.select("query").unique()))


def failed_by_chance(run: Run) -> frozenset[QueryId]:
    """Queries that an error ended which named none, where other messages name theirs.

    It may have been about the session, whatever was open: a token that ran out, a limit.  The
    query may then have gone on, and left what a query leaves.
    """
    ids = sorted({By.QUERY.value, By.RUN.value})
    if not records(run.frames.filter(nw.col("placed_by").is_in(ids)), limit=1):
        return frozenset()
    ended = run.frames.filter(
        (nw.col("placed_by") == By.ONLY.value)
        & ~nw.col("ending").is_null()
        & (nw.col("ending") != Ending.OK.value)
        & ~nw.col("query").is_null()
    )
    return frozenset(QueryId(record["query"]) for record in records(ended.select("query").unique()))


def note(queries: int, *, concurrent: int) -> str:
    """What to say of such queries, and how none would come of it."""
    if not queries:
        return ""
    said = f"while {queries} queries were open, frames came that could not be tied to any"
    if concurrent == 1:
        return said
    return f"{said}: where events of an answer have no id together, workload.concurrent must be 1"
