"""How often a fault could have struck in a run, as far as the run's own record shows it.

The platform's faults count their opportunities inside; from outside some can be counted,
some can only be bounded from below, and of some nobody can say: None is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from isolation_checks.loading.history import History
from isolation_checks.probing import KINDS, Family
from isolation_checks.records import Ending, Kind

AT_LEAST = frozenset(("event with a text", "read", "event without a socket"))
"""Opportunities of which there were more than can be counted."""


def of(opportunity: str, history: History, frames: int) -> int | None:
    """How many opportunities of this kind, as the catalogue words it, a run had."""
    counted = _COUNTED.get(opportunity)
    return frames if opportunity == "event" else counted(history) if counted else None


def _connects(history: History) -> int:
    return sum(
        session.channel == "websocket" and session.ready_s is not None
        for session in history.sessions.values()
    )


def _disconnects(history: History) -> int:
    return sum(
        session.channel == "websocket" and session.closed_s is not None
        for session in history.sessions.values()
    )


def _queries(history: History) -> int:
    return len(history.queries)


def _answers(history: History) -> int:
    return sum(query.ending is Ending.OK for query in history.queries.values())


def _first_queries(history: History) -> int:
    """A conversation's first query has no id of the platform's yet."""
    return len({(q.principal, q.conversation) for q in history.queries.values()})


def _follow_ups(history: History) -> int:
    return _queries(history) - _first_queries(history)


def _asked(*kinds: Kind) -> Callable[[History], int]:
    return lambda history: sum(query.kind in kinds for query in history.queries.values())


def _probed(*families: Family) -> Callable[[History], int]:
    kinds = {kind for family in families for kind in KINDS[family]}
    return lambda history: sum(probe.kind in kinds for probe in history.probes)


def _unsigned(history: History) -> int:
    return sum(probe.kind in ("alg none", "no signature") for probe in history.probes)


def _reads(history: History) -> int:
    """A reader reads in every way that the dialect knows."""
    dialect = history.plan.dialect
    ways = bool(dialect.read_conversation) + len(dialect.read_conversation_http)
    return ways * _provoked("read")(history) + _probed(Family.CONVERSATION)(history)


def _refreshes(history: History) -> int:
    return 2 * _provoked("refresh")(history)  # two at once


def _resumes(history: History) -> int:
    return _probed(Family.SESSION)(history) + _provoked("resume")(history)


def _provoked(*kinds: str) -> Callable[[History], int]:
    return lambda history: sum(act.kind in kinds for act in history.provocations)


_COUNTED: Mapping[str, Callable[[History], int]] = {
    "connect": _connects,
    "disconnect": _disconnects,
    "authentication": _connects,
    "query": _queries,
    "completed query": _answers,
    "write of an answer": _answers,
    "notification": _answers,
    "event with a text": _answers,
    "read": _follow_ups,
    "event without a socket": _provoked("abandon", "reconnect", "resume", "storm"),
    "resume": _resumes,
    "message that names a user": _probed(Family.IDENTITY),
    "unsigned token": _unsigned,
    "logout or expiry": lambda history: (
        _probed(Family.LOGIN)(history) + _provoked("logout", "expire")(history)
    ),
    "query without a thread": _first_queries,
    "query in a known thread": _follow_ups,
    "memory": _asked(Kind.REMEMBER),
    "cancel": _provoked("cancel"),
    "refresh": _refreshes,
    "search": _provoked("search"),
    "failed run": _asked(Kind.FAILING),
    "failed or cancelled run": _asked(Kind.FAILING, Kind.CANCELLED),
    "run that is given up": _provoked("cancel"),
    "read of a thread": _reads,
    "restart of a worker": _provoked("restart"),
}
