"""Which of a session's queries run at a moment, and what is remembered to place a frame by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from isolation_checks.dialects.correlate import Correlator, answering, our_conversation
from isolation_checks.loading.history import Query, Session
from isolation_checks.loading.ownership import Ownership
from isolation_checks.loading.seams import Seams
from isolation_checks.records import PrincipalId, SessionId


@dataclass(slots=True)
class Placing:
    """What is remembered of a session, and of those that resume it, while frames go by."""

    correlator: Correlator
    waiting: list[Query]
    ours: str | None = None
    """The run, where it is we who name conversations."""
    running: list[Query] = field(default_factory=list)
    seams: Seams = field(default_factory=Seams)

    def advance(self, at_s: float) -> None:
        """Ask and end queries up to a moment, in the order in which it happened."""
        while self.waiting and self.waiting[-1].sent_s <= at_s:
            query = self.waiting.pop()
            known = self.correlator.conversations.get(query.conversation)
            if known is None and self.ours is not None:
                known = our_conversation(self.ours, query.conversation)
            self.correlator.asked(query.id, query.conversation, known, query.named)
            self.running.append(query)
        for query in [q for q in self.running if q.over_s is not None and q.over_s < at_s]:
            self.end(query)

    def end(self, query: Query) -> None:
        """End a query: when its time is over, or its last event has come."""
        self.correlator.ended(query.id)
        self.running.remove(query)


class Placings:
    """Those of all sessions of a run."""

    def __init__(self, ownership: Ownership) -> None:
        self._ownership = ownership
        self._history = history = ownership.history
        self._users = frozenset((*ownership.by_subject, *ownership.by_email))
        self._answering = answering(history.plan.dialect)
        ours = history.plan.dialect.conversations == "ours"
        self._ours: str | None = history.description["run"] if ours else None
        self._conversations: dict[PrincipalId, dict[Any, str]] = {}
        self._placings: dict[SessionId, Placing] = {}
        self._asked: dict[SessionId, list[Query]] = {}
        for query in history.queries.values():
            self._asked.setdefault(query.session, []).append(query)
            if self._ours is not None:
                ownership.learn(our_conversation(self._ours, query.conversation), query.principal)

    def of(self, session: Session) -> Placing:
        """A session's; the same as that of the session which it resumes."""
        placing = self._placings.get(session.id)
        if placing is None:
            placing = self._placings[session.id] = self._begun(session)
        return placing

    def _begun(self, session: Session) -> Placing:
        asked = self._asked.get(session.id, [])
        lost = self._history.sessions.get(session.resumes) if session.resumes else None
        if lost is not None:
            placing = self.of(lost)
            placing.waiting = sorted([*placing.waiting, *asked], key=_sent, reverse=True)
            return placing
        principal = self._history.principals.get(session.principal)
        return Placing(
            Correlator(
                subject=principal.subject if principal else None,
                known=self._history.queries,
                users=self._users,
                answering=self._answering,
                conversations=self._conversations.setdefault(session.principal, {}),
            ),
            sorted(asked, key=_sent, reverse=True),
            self._ours,
        )


def _sent(query: Query) -> float:
    return query.sent_s
