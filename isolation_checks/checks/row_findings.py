"""What is wrong about rows in words: one finding a principal, for all cases of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run
from isolation_checks.plan.tables.rows import Table
from isolation_checks.records import PrincipalId
from isolation_checks.verdicts.finding import Moment

Case = tuple[Query | None, dict[str, Any] | None]
"""A query and a row, as far as either is known."""
_SAYS = {
    "lost-memory": "{victim} was told that it would be remembered, and {table} does not hold it",
    "lost-row": "{victim}'s query was answered, and {table} has fewer rows of it than it must",
    "duplicated-row": "{victim}'s query left more rows in {table} than it must",
    "placeholder-owner": "a row of {table} about {victim}'s query belongs to {owner}",
    "half-answer": "{victim}'s query failed, and left more rows in {table} than it may",
    "half-written": "{victim}'s query is over, and its row in {table} says that it goes on",
    "phantom-row": "{table} has a row, in {victim}'s conversation, of a query that nobody asked",
}
_CWE = {"placeholder-owner": 282}


def found(run: Run, kind: str, table: Table, cases: Iterable[Case]) -> list[Found]:
    """One finding a principal, for all cases of one kind in one table."""
    groups: dict[PrincipalId | None, list[Case]] = {}
    for query, row in cases:
        owner = query.principal if query else _conversation_owner(run, row)
        groups.setdefault(owner, []).append((query, row))
    return [_grouped(run, kind, table, victim, group) for victim, group in groups.items()]


def _grouped(
    run: Run, kind: str, table: Table, victim: PrincipalId | None, group: list[Case]
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
            victim=victim or "somebody", table=table.name, owner=_placeholder(row or {})
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


def _placeholder(row: Mapping[str, Any]) -> str:
    stated = row.get("stated_owner")
    return f"the placeholder {stated!r}" if stated else "nobody"


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
