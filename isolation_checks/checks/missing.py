"""Whether what is missing in rows was lost, or could never be seen there.

It looks at which queries left rows and which did not; what follows is for the checks of rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable

from isolation_checks.loading.history import Query
from isolation_checks.records import QueryId

KEPT = 0.5
"""Where at least this share of the queries left something, the rows are described rightly."""
SEVERAL = 2


def was_lost(
    queries: Collection[Query],
    there: Collection[QueryId],
    alike: Callable[[Query], Hashable] = lambda query: (query.conversation, query.kind),
) -> bool:
    """Whether queries of which nothing is there were lost, by how they lie among the others.

    Where few left anything, the rows could not be seen, or the plan says wrongly what names a
    query, or which queries leave rows.  All of these treat like queries alike: all of a
    principal's or none, those of a kind, the first of a conversation or the latest.  So where
    of queries that are `alike` now an earlier one is missing and now a later one, several
    times each, neither can be why.
    """
    if len(there) >= KEPT * len(queries):
        return True
    groups: dict[Hashable, list[Query]] = {}
    for query in queries:
        groups.setdefault(alike(query), []).append(query)
    orders = [
        "".join(
            "+" if query.id in there else "-"
            for query in sorted(group, key=lambda query: query.sent_s)
        )
        for group in groups.values()
    ]
    earlier = sum(bool(re.search(r"-.*\+", order)) for order in orders)
    later = sum(bool(re.search(r"\+.*-", order)) for order in orders)
    return min(earlier, later) >= SEVERAL
