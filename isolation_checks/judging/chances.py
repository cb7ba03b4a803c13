"""A run as the classes of opportunity ask of it: who asked what when, and what had ended then.

It finds each thing once; what counts as a chance is the classes' to say.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from isolation_checks.loading.history import Query, Session
from isolation_checks.loading.overlap import clocks
from isolation_checks.loading.run import Run
from isolation_checks.records import (
    NEVER_SENT,
    Ending,
    PrincipalId,
    QueryId,
    Reason,
    SessionId,
)

BACK_SECONDS = 10.0
"""Whoever connects as long as this after a session that was cut off has come back."""
_CUT = (Reason.GIVEN_UP, Reason.SESSION_LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bleed:
    """One place at which something was found, and what was going on there."""

    channel: str
    victim: PrincipalId
    recipient: PrincipalId
    at_s: float | None = None
    session: SessionId | None = None
    conversation: str | None = None
    own: Query | None = None
    """The recipient's query that was open, or that it was the answer to."""
    theirs: Query | None = None
    """The victim's query that the content was given with."""


class Scene:
    """A run, and what several classes ask of it, found once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._clock = clocks(run.history)
        queries = [q for q in run.history.queries.values() if q.reason not in NEVER_SENT]
        self.echoed = [q for q in queries if q.ending is Ending.OK and q.echoed]
        """Answers that held their own user's canary: a foreign one could have come as well."""
        self.by_session: dict[SessionId, list[Query]] = {}
        self._asked: dict[str, list[Query]] = {}
        self._sent: dict[str, list[Query]] = {}
        for query in sorted(queries, key=lambda query: query.sent_s):
            self.by_session.setdefault(query.session, []).append(query)
            self._asked.setdefault(query.text, []).append(query)
            self._sent.setdefault(self._clock[query.process], []).append(query)
        self._ended: dict[str, tuple[list[float], list[Query]]] = {}
        """By clock, when queries ended, and which."""
        self._longest: dict[str, float] = {}
        for clock, sent in self._sent.items():
            ended = sorted(
                ((query.over_s, query) for query in sent if query.over_s is not None),
                key=lambda end: end[0],
            )
            self._ended[clock] = [over_s for over_s, _ in ended], [query for _, query in ended]
            self._longest[clock] = max((at_s - q.sent_s for at_s, q in ended), default=0.0)

    def strangers(self, one: PrincipalId, other: PrincipalId) -> bool:
        """Whether two principals share no answers."""
        circle = self.run.ownership.circle
        return circle(one) != circle(other)

    def before(self, query: Query) -> Query | None:
        """The query that had ended last when this one was sent, by the same clock."""
        times, those = self._ended.get(self._clock[query.process], ([], []))
        place = bisect.bisect_right(times, query.sent_s)
        return those[place - 1] if place else None

    def behind_a_cut(self, query: Query) -> frozenset[PrincipalId]:
        """Whose answers had been cut off when a query was sent, and nobody else's since."""
        return self._behind_cuts.get(query.id, frozenset())

    @cached_property
    def _behind_cuts(self) -> dict[QueryId, frozenset[PrincipalId]]:
        """The next query behind each cut, by one clock: a cancel tells at which moment."""
        queries = self.run.history.queries
        cut = [(q.over_s, q) for q in queries.values() if q.reason in _CUT and q.over_s is not None]
        cut += [
            (act.at_s, queries[QueryId(act.detail)])
            for act in self.run.history.provocations
            if act.kind == "cancel" and act.detail in queries
        ]
        found: dict[QueryId, frozenset[PrincipalId]] = {}
        for at_s, query in cut:
            sent = self._sent.get(self._clock[query.process], [])
            place = bisect.bisect_right(sent, at_s, key=lambda each: each.sent_s)
            if place < len(sent):
                behind = sent[place].id
                found[behind] = found.get(behind, frozenset()) | {query.principal}
        return found

    def same_words(self, query: Query) -> bool:
        """Whether a stranger had asked the same, word for word, before this was over."""
        until_s = query.sent_s if query.over_s is None else query.over_s
        return any(
            other.sent_s <= until_s and self.strangers(other.principal, query.principal)
            for other in self._asked.get(query.text, ())
        )

    def met(self, session: Session, at_s: float) -> bool:
        """Whether a query of a stranger's was open at a moment of a session's."""
        clock = self._clock[session.process]
        sent, longest = self._sent.get(clock, []), self._longest.get(clock, 0.0)
        place = bisect.bisect_right(sent, at_s, key=lambda query: query.sent_s)
        while place and sent[place - 1].sent_s >= at_s - longest:
            place -= 1
            if open_at(sent[place], at_s) and self.strangers(
                sent[place].principal, session.principal
            ):
                return True
        return False

    def ready(self) -> Iterator[tuple[Session, float]]:
        """The WebSockets that could be used, each with the moment from which on."""
        for session in self.run.history.sessions.values():
            if session.channel == "websocket" and session.ready_s is not None:
                yield session, session.ready_s

    @cached_property
    def back(self) -> dict[SessionId, PrincipalId]:
        """Sessions that resume another, or whose user's had been cut off in mid-answer."""
        cut: dict[PrincipalId, list[float]] = {}
        for query in self.run.history.queries.values():
            if query.reason in _CUT and query.over_s is not None:
                cut.setdefault(query.principal, []).append(query.over_s)
        return {
            session.id: session.principal
            for session, ready_s in self.ready()
            if session.resumes is not None
            or any(0 <= ready_s - at_s <= BACK_SECONDS for at_s in cut.get(session.principal, ()))
        }


def open_at(query: Query, at_s: float) -> bool:
    """Whether a query was open at a moment; one whose end nobody wrote down never is."""
    return query.over_s is not None and query.sent_s <= at_s < query.over_s
