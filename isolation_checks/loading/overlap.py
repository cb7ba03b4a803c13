"""Which queries were open at the same time: the opportunities for one to meet another.

Times of different machines are not compared here; a query overlaps only with
queries of processes whose clock is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from isolation_checks.loading.history import History, Query
from isolation_checks.records import (
    NEVER_SENT,
    ConversationLabel,
    PrincipalId,
    ProcessId,
    QueryId,
    SessionId,
)

Times = npt.NDArray[np.float64]


def clocks(history: History) -> dict[ProcessId, str]:
    """By which clock each process tells the time: those of one boot share theirs."""
    return {
        process.id: "here" if process.comparable else process.id for process in history.processes
    }


def mark(groups: Iterable[list[Query]], circle: Callable[[PrincipalId], str]) -> None:
    """Set `overlapped` on every query that was open while a stranger's was.

    Strangers are principals of different circles: those of one share their answers.
    Each group holds the queries of one clock.  A query is open from sent to over; for
    one whose end nobody wrote down, only the moment counts at which it was sent.
    """
    for group in groups:
        queries = [query for query in group if query.reason not in NEVER_SENT]
        everyone = _intervals(queries)
        by_circle: dict[str, list[Query]] = {}
        for query in queries:
            by_circle.setdefault(circle(query.principal), []).append(query)
        for own in by_circle.values():
            sent, over = _intervals(own)
            others = meeting(*everyone, sent, over) - meeting(sent, over, sent, over)
            for query, met in zip(own, others, strict=True):
                query.overlapped = bool(met > 0)


def in_two_sessions(history: History) -> frozenset[QueryId]:
    """The queries that were open while another session of the same principal had one open."""
    groups: dict[PrincipalId, list[Query]] = {}
    for query in history.queries.values():
        if query.reason not in NEVER_SENT:
            groups.setdefault(query.principal, []).append(query)
    met: set[QueryId] = set()
    for queries in groups.values():
        sessions = {query.session for query in queries}
        everyone = _intervals(queries)
        for session in sessions if len(sessions) > 1 else ():
            own = [query for query in queries if query.session == session]
            sent, over = _intervals(own)
            others = meeting(*everyone, sent, over) - meeting(sent, over, sent, over)
            met |= {query.id for query, many in zip(own, others, strict=True) if many > 0}
    return frozenset(met)


def in_one_conversation(history: History) -> frozenset[QueryId]:
    """The queries that were open in their session while another of their conversation was."""
    groups: dict[tuple[SessionId, ConversationLabel], list[Query]] = {}
    for query in history.queries.values():
        if query.reason not in NEVER_SENT:
            groups.setdefault((query.session, query.conversation), []).append(query)
    met: set[QueryId] = set()
    for queries in groups.values():
        if len(queries) > 1:
            sent, over = _intervals(queries)
            with_it = meeting(sent, over, sent, over)
            met |= {query.id for query, many in zip(queries, with_it, strict=True) if many > 1}
    return frozenset(met)


def _intervals(queries: list[Query]) -> tuple[Times, Times]:
    sent = np.array([query.sent_s for query in queries])
    over = np.array([q.sent_s if q.over_s is None else q.over_s for q in queries])
    return sent, over


def meeting(begun: Times, ended: Times, from_s: Times, to_s: Times) -> npt.NDArray[np.int64]:
    """For every stretch [from, to], how many intervals [begun, ended] touch it."""
    before = np.searchsorted(np.sort(begun), to_s, side="right")
    over = np.searchsorted(np.sort(ended), from_s, side="left")
    return before - over
