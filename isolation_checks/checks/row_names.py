"""Which rows hold another user's credential, and which only name another.

A credential of somebody else's convicts.  A name does not: a list of a tenant's members, an
audit or an invitation names others by right, and nothing in a row tells those apart from an
answer that was made for somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found
from isolation_checks.history.credentials import NOBODYS
from isolation_checks.loading.identities import CREDENTIAL
from isolation_checks.loading.run import Run, groups_of, records
from isolation_checks.records import PrincipalId, QueryId

_CWE = 522


@dataclass(frozen=True, slots=True, kw_only=True)
class InRows:
    """What names and marks in rows say."""

    found: list[Found]
    lead: str = ""
    """That rows name others, which convicts nobody."""
    blind: tuple[str, ...] = ()
    """That rows held credentials which may be anybody's."""


def in_rows(run: Run) -> InRows:
    """Rows with a credential of somebody who may not share with their holder; and with names."""
    seen = run.sightings.filter(nw.col("identity") & (nw.col("channel") == "row"))
    marked = records(seen.filter(nw.col("how") == CREDENTIAL), "stream", "index")
    named = records(seen.filter(~nw.col("how").is_in((CREDENTIAL, NOBODYS))), "stream", "index")
    tables = seen.filter(nw.col("how") == NOBODYS).group_by("kind").agg(nw.len().alias("n"))
    groups = groups_of(marked, "owner", "principal", "kind")
    return InRows(
        found=[_found(run, group) for group in groups],
        lead=_lead(named),
        blind=tuple(
            f"whose the tokens in {table['n']} rows of {table['kind']} are: by what they say they "
            "may be anybody's"
            for table in records(tables, "kind")
        ),
    )


def _lead(named: list[dict[str, Any]]) -> str:
    if not named:
        return ""
    first = named[0]
    rows = len({(record["stream"], record["index"]) for record in named})
    return (
        f"{rows} row{'' if rows == 1 else 's'} named somebody else, which convicts nobody: a row "
        f"of {first['kind']} that belongs to {first['principal']} holds {first['canary']!r}, "
        f"{first['owner']}'s"
    )


def _found(run: Run, group: list[dict[str, Any]]) -> Found:
    record = group[0]
    owner, holder = PrincipalId(record["owner"]), PrincipalId(record["principal"])
    query = QueryId(record["query"]) if record["query"] else None
    return Found(
        kind="foreign-credential",
        cwe=_CWE,
        victim=owner,
        recipient=holder,
        channel="row",
        sentence=(
            f"a row of {record['kind']} that belongs to {holder} holds a credential of {owner}'s"
        ),
        times=len(group),
        first_s=None,
        witness=lambda: witness.in_order(
            witness.asked(run, query, "recipient"),
            witness.arrived(run, record, holder, "recipient"),
        ),
        places=tuple((r["stream"], r["index"]) for r in group),
        recipient_query=query,
        queries=frozenset(QueryId(r["query"]) for r in group if r["query"]),
    )
