"""Whether every answered query left what it must in the database, once and whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import (
    missing,
    phantoms,
    row_authors,
    row_findings,
    row_words,
    unplaced,
    visible,
)
from isolation_checks.checks.check import Found, Outcome, check, needs_rows
from isolation_checks.checks.row_findings import Case
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, records
from isolation_checks.plan.tables.rows import Table
from isolation_checks.records import Ending, QueryId, Reason
from isolation_checks.verdicts.lattice import Verdict


@check(
    asks="Did every answered query leave its rows, once, whole and with an owner?",
    part="objectives",
    cwe=None,
    not_asked=needs_rows,
)
def row_accounting(run: Run) -> Outcome:
    """Rows and answered queries match one to one.

    Queries that nobody can say took effect are never blamed for missing rows, nor are those
    of principals of whom no row at all could be read.  Where what is missing is the oldest of
    the run, or of conversations that went on, a platform may have deleted it or summed it up:
    such queries are not examined, and counted among what could not be seen.  Where it is the
    newest, it may be late, unless it was waited for as long.

    Catches:  lost_row (answered, never stored), double_write, placeholder_owner,
              half_written_run, ambient_context_lost,
              shared_transaction, rows of queries that nobody asked.
    Blind to: tables that the plan does not describe; what was lost of keys in Redis, which expire.
    """
    reading, described = run.reading, run.history.plan.rows
    if reading is None or described is None or reading.problem is not None:
        problem = visible.problem(reading)
        return Outcome(examined=0, unit="queries", verdict=Verdict.UNKNOWN, note=problem)
    answered = [q for q in run.history.queries.values() if q.ending is Ending.OK]
    counted = [table for table in described.tables if table.query and table.each_query is not None]
    left = _left(run, counted, answered)
    doubts, vague = [_doubt(run, answered)], unplaced.failed_by_chance(run)
    found: list[Found] = []
    aged: list[missing.Aged | None] = []
    for table in described.tables:
        rows = records(run.rows.filter(nw.col("table") == table.name), "stream", "index")
        nobodys, doubt = row_authors.nobodys(run, rows, table)
        found += row_findings.found(run, "placeholder-owner", table, nobodys)
        doubts.append(doubt)
        if reading.settled:
            sure, doubt = _sure(_half_written(run, rows), vague)
            found += row_findings.found(run, "half-written", table, sure)
            doubts.append(doubt)
        if table.each_failed is not None:
            sure, doubt = _sure(_left_by_failures(run, rows, table), vague)
            found += row_findings.found(run, "half-answer", table, sure)
            doubts.append(doubt)
        if _is_whole(run):  # who asked may stand in what was not written down
            unasked, doubt = phantoms.among(run, table.name, rows)
            found += row_findings.found(run, "phantom-row", table, ((None, row) for row in unasked))
            doubts.append(doubt)
        if table in counted:
            lost, doubt, old = _counted(run, answered, rows, table, left)
            found += lost
            doubts.append(doubt)
            aged.append(old)
        if table.remembers:
            forgotten, doubt = row_words.forgotten(run, table)
            found += row_findings.found(
                run, "lost-memory", table, ((query, None) for query in forgotten)
            )
            doubts.append(doubt)
    keys_only = all(table.keys for table in described.tables)
    some_only = not counted and not described.every_query
    if not counted and not keys_only and not some_only:
        gone, doubt, old = row_words.in_no_row(run, answered)
        anywhere = Table(name="any table")
        found += row_findings.found(run, "lost-row", anywhere, ((query, None) for query in gone))
        doubts.append(doubt)
        aged.append(old)
    ours = _of_this_run(run) if keys_only or some_only else None
    if ours == 0:
        doubts.append("no row of this run was read")
    deleted = [each for each in aged if each is not None]
    doubts += [each.said for each in deleted if each.most]
    unseen = max((each.queries for each in deleted), default=0)
    note = next(filter(None, doubts), "")
    return Outcome(
        examined=len(answered) - unseen if ours is None else ours,
        unit="queries" if ours is None else "rows",
        found=tuple(found),
        verdict=Verdict.UNKNOWN if note and not found else None,
        note=note,
        blind=(
            *(each.said for each in deleted),
            *((_EXPIRES,) if keys_only else (_SOME_ONLY,) if some_only else ()),
        ),
    )


_EXPIRES = "what was lost: all rows lie in Redis, where keys expire"
_SOME_ONLY = "what was lost: by the plan not every answered query leaves its words in a row"


def _sure(cases: Iterable[Case], vague: Collection[QueryId]) -> tuple[list[Case], str]:
    """The cases of queries that were declared over for certain; and why others are in doubt."""
    known = list(cases)
    sure = [(query, row) for query, row in known if query is None or query.id not in vague]
    if len(sure) == len(known):
        return sure, ""
    return sure, f"of {len(known) - len(sure)} rows nobody can say: {_VAGUE}"


_VAGUE = "an error that named no query may have been about the session, and not their query's end"


def _is_whole(run: Run) -> bool:
    return not any(process.gaps for process in run.history.processes)


def _of_this_run(run: Run) -> int:
    """How many rows name a principal or a query of this run, or hold its words."""
    place = ("stream", "index")
    named = ~nw.col("owner").is_null() | ~nw.col("asker").is_null()
    worded = run.sightings.filter((nw.col("channel") == "row") & nw.col("planted"))
    both = (run.rows.filter(named).select(*place), worded.select(*place))
    return len({(r["stream"], r["index"]) for each in both for r in records(each)})


def _doubt(run: Run, answered: list[Query]) -> str:
    """What of the evidence was not enough, whatever the rows say."""
    assert run.reading is not None
    if not answered:
        return "no query was answered"
    if not run.reading.settled:
        return "the rows had not settled when they were read: what seems lost may be late"
    if run.reading.left_out:
        return f"only the first rows were read of {', '.join(run.reading.left_out)}"
    if not _is_whole(run):
        return "part of the history is missing: rows of queries that nobody asked could not be told"
    return ""


def _left(run: Run, tables: list[Table], answered: list[Query]) -> dict[str, set[QueryId]]:
    """For every one of these tables, the answered queries that left anything there."""
    left: dict[str, set[QueryId]] = {table.name: set() for table in tables}
    known = {query.id for query in answered}
    for record in records(run.rows.select("table", "query").unique()):
        if record["table"] in left and record["query"] in known:
            left[record["table"]].add(record["query"])
    return left


def _counted(
    run: Run,
    answered: list[Query],
    rows: list[dict[str, Any]],
    table: Table,
    left: Mapping[str, set[QueryId]],
) -> tuple[list[Found], str, missing.Aged | None]:
    """Answered queries that have too many rows here, or too few; and why that is in doubt.

    Where several asked under one id, a row that names it and belongs to none of them may be
    any's: such queries lack none.
    Where most have none here, and most have some in another table, this one may hold rows of
    some queries only, whatever the plan says.  Where what is missing is the oldest, it may have
    been deleted; where it is the newest, it may be late.
    """
    assert run.reading is not None
    assert run.history.plan.rows is not None
    keys: dict[str, set[str | int]] = {}
    first: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["query"] is not None:
            first.setdefault(row["query"], row)
            # joins may show a row several times: it is one by its key
            keys.setdefault(row["query"], set()).add(row["key"] or row["index"])
    wanted = table.each_query or 0
    counts = {query.id: len(keys.get(query.id, ())) for query in answered}
    many = ((q, first[q.id]) for q in answered if counts[q.id] > wanted)
    found = row_findings.found(run, "duplicated-row", table, many)
    shared = run.ownership.by_name
    few = [
        query
        for query in answered
        if counts[query.id] < wanted and len(shared.get(query.named or "", ())) <= 1
    ]
    if not run.reading.settled or table.name in run.reading.left_out:
        return found, "", None
    there, most = left[table.name], missing.KEPT * len(answered)
    kept_elsewhere = any(len(queries) >= most for queries in left.values())
    if few and len(there) < most and (kept_elsewhere or not missing.was_lost(answered, there)):
        return (
            found,
            (
                f"{table.name} has rows of only {len(there)} of {len(answered)} answered queries: "
                "they could not be read, or do not name queries as we do"
            ),
            None,
        )
    whole = {query.id for query in answered if counts[query.id] >= wanted}
    aged = missing.outlived(answered, whole)
    if aged is not None:
        return found, "", aged
    late = missing.late(answered, whole, run.history.plan.rows.settle)
    if late:
        return found, f"{table.name}: {late}", None
    seen = visible.principals(run).get(table.name, frozenset())
    lost = [query for query in few if query.principal in seen]
    found += row_findings.found(
        run, "lost-row", table, ((query, first.get(query.id)) for query in lost)
    )
    unseen = {query.principal for query in few} - seen
    return found, row_words.unseen(table.name, unseen), None


def _left_by_failures(run: Run, rows: list[dict[str, Any]], table: Table) -> Iterator[Case]:
    """Queries that the platform declared failed, and that left more here than they may."""
    left: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["query"] is not None:
            left.setdefault(row["query"], []).append(row)
    for query in run.history.queries.values():
        its = left.get(query.id, [])
        keys = {row["key"] or row["index"] for row in its}
        if _said_failed(query) and len(keys) > (table.each_failed or 0):
            yield query, its[-1]


def _said_failed(query: Query) -> bool:
    """Whether the platform itself said that nothing came of a query."""
    return query.ending not in (None, Ending.OK) and query.reason not in (None, *_OURS)


def _half_written(run: Run, rows: list[dict[str, Any]]) -> Iterator[Case]:
    """Rows that say that an operation goes on which the platform has declared over."""
    for row in rows:
        query = run.history.queries.get(QueryId(row["query"] or ""))
        said_over = query is not None and query.reason is not None and query.reason not in _OURS
        if row["finished"] is False and said_over:
            yield query, row


_OURS = {reason.value for reason in Reason} - {Reason.COMPLETED.value}
