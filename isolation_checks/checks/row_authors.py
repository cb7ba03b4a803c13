"""Which rows that belong to nobody are the platform's own, and which a user's that it lost.

Many tables name an author: what the agent says is nobody's there, or `system`'s, and the
conversation has the owner.  It says which cases are sure and why others are in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isolation_checks.records import QueryId

FEWEST = 10
"""Queries from which on something may be told to be how the platform always writes."""
USUAL = 0.9
"""It writes so always where this share of the queries that left rows left such a one."""

Case = tuple[QueryId | None, dict[str, Any]]
"""A row, and the query that it names or whose words it holds."""


def told_apart(table: str, nobodys: Sequence[Case], owned: Sequence[Case]) -> str:
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


def _who(nobodys: Sequence[Case]) -> str:
    stated = sorted({row["stated_owner"] for _, row in nobodys if row["stated_owner"]})
    return f"the placeholder {stated[0]!r}" if stated else "nobody"
