"""A row that is not theirs who hold it, put into words: one finding for all of a kind."""

from __future__ import annotations

from typing import Any

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found
from isolation_checks.loading.run import Run
from isolation_checks.records import PrincipalId, QueryId


def with_words(run: Run, group: list[dict[str, Any]]) -> Found:
    """Rows that hold somebody's words and belong, or stand, elsewhere."""
    record = group[0]
    owner = PrincipalId(record["owner"])
    holder = PrincipalId(record["principal"]) if record["principal"] else None
    planted = QueryId(record["planted_query"]) if record["planted_query"] else None
    other = QueryId(record["query"]) if record["query"] not in (None, planted) else None
    return Found(
        kind="foreign-row",
        cwe=639,
        victim=owner,
        recipient=holder,
        channel="row",
        sentence=(
            f"a row of {record['kind']} about one of {owner}'s conversations holds words that "
            "another was told"
            if holder == owner
            else f"a row of {record['kind']} that is {owner}'s stands in a conversation of nobody "
            f"known, with words that only {owner} was given"
            if record.get("holder")
            else f"a row of {record['kind']} that belongs to {holder or 'nobody known'} "
            f"holds words that only {owner} was given"
        ),
        times=len(group),
        first_s=None,
        witness=lambda: witness.in_order(
            witness.told(run, planted, record["canary"]),
            witness.asked(run, other, "recipient"),
            witness.arrived(run, record, holder, "recipient", record["canary"]),
        ),
        places=tuple((r["stream"], r["index"]) for r in group),
        victim_query=planted,
        recipient_query=other,
        queries=frozenset(QueryId(r["query"]) for r in group if r["query"]),
    )


def named(run: Run, group: list[dict[str, Any]]) -> Found:
    """Rows that name somebody's query or conversation and belong to another."""
    record = group[0]
    victim, owner = PrincipalId(record["victim"]), PrincipalId(record["holder"])
    what = "query" if record["asker"] == victim else "conversation"
    query = QueryId(record["query"]) if record["query"] else None
    return Found(
        kind="foreign-row",
        cwe=639,
        victim=victim,
        recipient=owner,
        channel="row",
        sentence=f"a row of {record['table']} about {victim}'s {what} belongs to {owner}",
        times=len(group),
        first_s=None,
        witness=lambda: witness.in_order(
            witness.asked(run, query, "victim"),
            witness.arrived(run, record, owner, "recipient"),
        ),
        places=tuple((r["stream"], r["index"]) for r in group),
        victim_query=query,
        queries=frozenset(QueryId(r["query"]) for r in group if r["query"]),
    )
