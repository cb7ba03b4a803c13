"""Whether every answered query left what it must in the database, once and whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check, needs_rows
from isolation_checks.judging.verdict import Moment, Verdict
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, records
from isolation_checks.plan.model import Table
from isolation_checks.records import Ending, PrincipalId, QueryId, Reason

KEPT = 0.5
"""Where tables do not name queries: at least this share of the planted words must be
found in rows before a missing one means that something was lost."""


@check(
    asks="Did every answered query leave its rows, once, whole and with an owner?",
    part="objectives",
    cwe=None,
    not_asked=needs_rows,
)
def row_accounting(run: Run) -> Outcome:
    """Rows and answered queries match one to one.

    Queries that nobody can say took effect are never blamed for missing rows.

    Catches:  lost_row (answered, never stored), double_write, placeholder_owner,
              half_written_run, phantom rows of queries that nobody asked.
    Blind to: tables that the plan does not describe.
    """
    reading, described = run.reading, run.history.plan.rows
    if reading is None or described is None or reading.problem is not None:
        problem = "the rows were never collected" if reading is None else reading.problem
        return Outcome(examined=0, unit="queries", verdict=Verdict.UNKNOWN, note=str(problem))
    answered = [q for q in run.history.queries.values() if q.ending is Ending.OK]
    complete = not any(process.gaps for process in run.history.processes)
    rows = records(run.rows, "stream", "index")
    found: list[Found] = []
    for table in described.tables:
        own = [row for row in rows if row["table"] == table.name]
        whole = reading.settled and table.name not in reading.left_out
        found += _found(run, "placeholder-owner", table, _placeholders(run, own))
        found += _found(run, "half-written", table, _half_written(run, own))
        if complete:  # who asked may stand in what was not written down
            found += _found(run, "phantom-row", table, _phantoms(run, own))
        if table.query is not None and table.each_query is not None:
            found += _found(run, "duplicated-row", table, _counted(answered, own, table, more=True))
            if whole:
                found += _found(run, "lost-row", table, _counted(answered, own, table, more=False))
    note = ""
    if not any(table.query and table.each_query is not None for table in described.tables):
        lost, note = _by_words(run, answered)
        found += lost
    if not reading.settled:
        note = "the rows had not settled when they were read: what seems lost may be late"
    elif reading.left_out:
        note = f"only the first rows were read of {', '.join(reading.left_out)}"
    elif not complete:
        note = "part of the history is missing: rows of queries that nobody asked could not be told"
    unsure = bool(note) or not answered
    return Outcome(
        examined=len(answered),
        unit="queries",
        found=tuple(found),
        verdict=Verdict.UNKNOWN if unsure and not found else None,
        note=note or ("" if answered else "no query was answered"),
    )


_Case = tuple[Query | None, dict[str, Any] | None]


def _counted(
    answered: list[Query], rows: list[dict[str, Any]], table: Table, *, more: bool
) -> Iterator[_Case]:
    """Answered queries that have too many rows here, or too few."""
    counts = Counter(row["query"] for row in rows)
    first = {row["query"]: row for row in reversed(rows)}
    wanted = table.each_query or 0
    for query in answered:
        if (counts[query.id] > wanted) if more else (counts[query.id] < wanted):
            yield query, first.get(query.id)


def _placeholders(run: Run, rows: list[dict[str, Any]]) -> Iterator[_Case]:
    """Rows of this run that nobody owns."""
    for row in rows:
        if row["placeholder"] and _is_ours(run, row):
            yield run.history.queries.get(QueryId(row["query"] or "")), row


def _half_written(run: Run, rows: list[dict[str, Any]]) -> Iterator[_Case]:
    """Rows that say that an operation goes on which the platform has declared over."""
    for row in rows:
        query = run.history.queries.get(QueryId(row["query"] or ""))
        said_over = query is not None and query.reason is not None and query.reason not in _OURS
        if row["finished"] is False and said_over:
            yield query, row


_OURS = {reason.value for reason in Reason} - {Reason.COMPLETED.value}


def _phantoms(run: Run, rows: list[dict[str, Any]]) -> Iterator[_Case]:
    """Rows in a conversation of this run about a query that nobody asked."""
    for row in rows:
        ours = row["conversation"] in run.ownership.claims
        if ours and row["query"] is not None and row["asker"] is None:
            yield None, row


def _is_ours(run: Run, row: dict[str, Any]) -> bool:
    return row["asker"] is not None or row["conversation"] in run.ownership.claims


def _by_words(run: Run, answered: list[Query]) -> tuple[list[Found], str]:
    """Queries whose words are in no row at all, where rows do not name queries."""
    in_rows = run.sightings.filter((nw.col("channel") == "row") & nw.col("planted"))
    kept = {record["canary"] for record in records(in_rows.select("canary").unique())}
    planted: dict[QueryId, list[str]] = {}
    for canary, planting in run.history.plantings.items():
        if planting.kind == "token" and planting.query is not None:
            planted.setdefault(planting.query, []).append(canary)
    asked = [query for query in answered if query.id in planted]
    lost = [query for query in asked if not kept.intersection(planted[query.id])]
    if asked and len(lost) > (1 - KEPT) * len(asked):
        return (
            [],
            f"the described columns hold the words of only {len(asked) - len(lost)} of {len(asked)} answered queries",
        )
    table = Table(name="any table")
    return _found(run, "lost-row", table, ((query, None) for query in lost)), ""


_SAYS = {
    "lost-row": "{victim}'s query was answered, and {table} has fewer rows of it than it must",
    "duplicated-row": "{victim}'s query left more rows in {table} than it must",
    "placeholder-owner": "a row of {table} about {victim}'s query belongs to the placeholder {owner!r}",
    "half-written": "{victim}'s query is over, and its row in {table} says that it goes on",
    "phantom-row": "{table} has a row, in {victim}'s conversation, of a query that nobody asked",
}
_CWE = {"placeholder-owner": 282}


def _found(run: Run, kind: str, table: Table, cases: Iterator[_Case]) -> list[Found]:
    """One finding a principal, for all cases of one kind in one table."""
    groups: dict[PrincipalId | None, list[_Case]] = {}
    for query, row in cases:
        owner = query.principal if query else _conversation_owner(run, row)
        groups.setdefault(owner, []).append((query, row))
    return [_grouped(run, kind, table, victim, group) for victim, group in groups.items()]


def _grouped(
    run: Run, kind: str, table: Table, victim: PrincipalId | None, group: list[_Case]
) -> Found:
    query, row = group[0]
    identity = query.id if query else None
    return Found(
        kind=kind,
        cwe=_CWE.get(kind),
        victim=victim,
        recipient=None,
        channel="row",
        sentence=_SAYS[kind].format(
            victim=victim or "somebody", table=table.name, owner=(row or {}).get("stated_owner")
        ),
        times=len(group),
        first_s=query.sent_s if query else None,
        witness=lambda: witness.in_order(
            witness.asked(run, identity, "victim"),
            _done(query),
            witness.arrived(run, row, row["stated_owner"], "other") if row else None,
        ),
        places=tuple((r["stream"], r["index"]) for _, r in group if r),
        victim_query=identity,
        queries=frozenset(q.id for q, _ in group if q),
    )


def _done(query: Query | None) -> Moment | None:
    if query is None or query.done_s is None:
        return None
    return Moment(
        at_s=query.done_s,
        who=query.principal,
        role="victim",
        did=f"was told that it is {query.reason}",
    )


def _conversation_owner(run: Run, row: dict[str, Any] | None) -> PrincipalId | None:
    return run.ownership.conversation_owner(row["conversation"]) if row else None
