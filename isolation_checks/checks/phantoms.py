"""Rows of queries that nobody asked: a defect, or the platform's own way of keeping things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from isolation_checks.checks.missing import KEPT, SEVERAL
from isolation_checks.loading.run import Run


def among(run: Run, table: str, rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """The rows of a table in this run's conversations about queries that nobody asked.

    Where most conversations have such rows, the platform writes them itself, such as runs
    that make titles: then none is a defect, and the second of the two says why.
    """
    found = list(_unasked(run, rows))
    strange = {row["conversation"] for row in found}
    known = {row["conversation"] for row in rows if row["asker"] is not None} - {None}
    if len(strange & known) < SEVERAL or len(strange & known) <= KEPT * len(known):
        return found, ""
    return [], (
        f"{table} has rows of queries that nobody asked in {len(strange & known)} of "
        f"{len(known)} conversations: the platform seems to write rows of its own there"
    )


def _unasked(run: Run, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows in a conversation of this run about a query that nobody asked.

    Conversations that were asked for by their id are left out: that leaves traces too.
    """
    probed = {conversation for _, conversation in run.asked_for}
    tried = run.history.probed_queries
    for row in rows:
        ours = run.ownership.is_of_this_run(row["conversation"])
        if not ours or row["query"] is None or row["asker"] is not None or row["query"] in tried:
            continue
        stranger = row["stated_owner"] and row["owner"] is None and not row["placeholder"]
        if row["conversation"] not in probed and not stranger:
            yield row
