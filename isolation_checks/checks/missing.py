"""Whether what is missing in rows was lost, never to be seen, deleted as old, or is still to come.

It looks at which queries left rows and which did not; what follows is for the checks of rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Hashable, Iterable
from typing import NamedTuple

from isolation_checks.loading.history import Query
from isolation_checks.records import QueryId
from isolation_checks.statistics import bounds

KEPT = 0.5
"""Where at least this share of the queries left something, the rows are described rightly."""
SEVERAL = 2
MANY = 10
"""Queries of which nothing is left, from which on something is said of their age."""
FEW = 3
"""The newest queries of which nothing is left, from which on they may only be written late."""
LATE_S = 10.0
"""A platform that writes in batches may be so late with the last of them."""
CHANCE = 0.01
"""As seldom what is missing would come first by chance, where it says that the old is deleted."""
APART = 0.95
"""This share of all up to a moment is missing, where everything older than it is deleted."""


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
    earlier, later = _turned(_orders(queries, there, alike))
    return min(earlier, later) >= SEVERAL


class Aged(NamedTuple):
    """Queries of which nothing is left, as a platform would leave it that deletes what is old."""

    queries: int
    said: str
    most: bool
    """They are so many that of too few anything is left."""


def outlived(queries: Collection[Query], there: Collection[QueryId]) -> Aged | None:
    """What is missing and may have been there, and been deleted as old; None: it was not.

    A platform that deletes what is older than so long lacks all up to a moment, and nothing
    behind it.  One that keeps no more than so many of a conversation, or sums up what came
    before, lacks the first of those that went on, and the latest of none; what was lost in one
    moment lacks all others of that moment, too.
    """
    gone = [query.sent_s for query in queries if query.id not in there]
    if len(gone) < MANY:
        return None
    old = [query.id in there for query in queries if query.sent_s <= max(gone)]
    by_age = len(old) < len(queries) and len(gone) >= APART * len(old)
    orders = _orders(queries, there, lambda query: query.conversation)
    earlier, later = _turned(orders)
    first = bounds.so_many(earlier, earlier + later, 0.5) <= CHANCE
    latest = any(order.endswith("-") for order in orders)
    meanwhile = sum(min(gone) <= query.sent_s <= max(gone) for query in queries)
    outage = len(gone) > KEPT * meanwhile
    if not (by_age or (first and not latest and not outage)):
        return None
    of_what = "of the run" if by_age else "of their conversations"
    return Aged(
        queries=len(gone),
        said=(
            f"what became of the rows of {len(gone)} answered queries, the oldest {of_what}: a "
            "platform may delete what is old, or sum it up"
        ),
        most=len(gone) > KEPT * len(queries),
    )


def late(queries: Collection[Query], there: Collection[QueryId], settle_s: float) -> str:
    """Why what is missing may come later than it was waited for; empty: it was lost.

    A platform that writes in batches lacks everything behind the last of them, and nothing
    before it.  Whoever waited longer than that stretch, and than such a platform takes, knows.
    """
    gone = [query.sent_s for query in queries if query.id not in there]
    if len(gone) < FEW:
        return ""
    new = [query.sent_s for query in queries if query.sent_s >= min(gone)]
    waited_for = max(LATE_S, max(new) - min(new))
    if len(new) == len(queries) or len(gone) < APART * len(new) or settle_s >= waited_for:
        return ""
    enough = math.ceil(waited_for)
    return (
        f"no row is there of {len(gone)} answered queries, the newest of the run: they may be "
        f'written late; collect again, or say rows.settle = "{enough}s" to be sure'
    )


def _orders(
    queries: Iterable[Query], there: Collection[QueryId], alike: Callable[[Query], Hashable]
) -> list[str]:
    """Of queries that are alike which are there (`+`) and which are missing (`-`), in order."""
    groups: dict[Hashable, list[Query]] = {}
    for query in queries:
        groups.setdefault(alike(query), []).append(query)
    return [
        "".join(
            "+" if query.id in there else "-"
            for query in sorted(group, key=lambda query: query.sent_s)
        )
        for group in groups.values()
    ]


def _turned(orders: Iterable[str]) -> tuple[int, int]:
    """In how many a missing one comes before one that is there, and in how many behind."""
    known = list(orders)
    earlier = sum(bool(re.search(r"-.*\+", order)) for order in known)
    later = sum(bool(re.search(r"\+.*-", order)) for order in known)
    return earlier, later
