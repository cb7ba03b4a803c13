"""Which query a message answers, from what the message says and what the session has open.

One correlator a session.  The driver feeds it as things happen, loading feeds it
the recorded history in the same order; both get the same placements.
"""

from __future__ import annotations

import enum
from collections.abc import Container
from dataclasses import dataclass, field

from isolation_checks.dialects.reading import Reading
from isolation_checks.records import ConversationLabel, QueryId


class By(enum.StrEnum):
    """What tied a message to a query, strongest first."""

    QUERY = "query"
    RUN = "run"
    CONVERSATION = "conversation"
    ONLY = "only"
    """It names nothing of anybody else's, and one query of the session was open."""


@dataclass(slots=True)
class Correlator:
    """The open and past queries of one session, and the platform's ids learned for them."""

    subject: str | None = None
    known: Container[str] = ()
    """Every query id that any principal is known to have used."""
    conversations: dict[ConversationLabel, str] = field(default_factory=dict)
    """The platform's id of each of our conversations, once known."""
    _labels: dict[QueryId, ConversationLabel] = field(default_factory=dict)
    _open: dict[QueryId, None] = field(default_factory=dict)
    _runs: dict[str, QueryId] = field(default_factory=dict)
    _echoed: bool = False
    """The platform names queries by our ids: one that is not ours is somebody else's."""

    def asked(self, query: QueryId, label: ConversationLabel, conversation: str | None) -> None:
        """A query was sent in a conversation (with the platform's id of it, where known)."""
        self._labels[query] = label
        self._open[query] = None
        if conversation is not None:
            self.conversations.setdefault(label, conversation)

    def ended(self, query: QueryId) -> None:
        """A query is over; messages that name it are still placed."""
        self._open.pop(query, None)

    def place(self, reading: Reading) -> tuple[QueryId | None, By | None]:
        """The query that a message answers and what says so, or (None, None)."""
        query, by = self._find(reading)
        if query is not None:
            self._echoed = self._echoed or by is By.QUERY
            self._learn(query, reading)
        return query, by

    def _find(self, reading: Reading) -> tuple[QueryId | None, By | None]:
        if reading.query is not None and reading.query in self._labels:
            return QueryId(reading.query), By.QUERY
        for name in (reading.run, reading.query):
            if name is not None and name in self._runs:
                return self._runs[name], By.RUN
        if reading.conversation is not None:
            in_it = [
                query
                for query in self._open
                if self.conversations.get(self._labels[query]) == reading.conversation
            ]
            if len(in_it) == 1:
                return in_it[0], By.CONVERSATION
        if len(self._open) == 1 and reading.kind is not None:
            query = next(iter(self._open))
            if not self._speaks_of_others(query, reading):
                return query, By.ONLY
        return None, None

    def _speaks_of_others(self, query: QueryId, reading: Reading) -> bool:
        """Whether a message names a query, a user or a conversation that is not this one's."""
        known = self.conversations.get(self._labels[query])
        return (
            (reading.query is not None and (self._echoed or reading.query in self.known))
            or (reading.conversation is not None and known not in (None, reading.conversation))
            or not names(reading.user, self.subject)
        )

    def _learn(self, query: QueryId, reading: Reading) -> None:
        for name in (reading.run, reading.query):
            if name is not None:
                self._runs.setdefault(name, query)
        if reading.conversation is not None and names(reading.user, self.subject):
            self.conversations.setdefault(self._labels[query], reading.conversation)


def names(label: str | None, subject: str | None) -> bool:
    """Whether a label may name this subject: equal, cut short with `...`, or not given."""
    if label is None or subject is None:
        return True
    if label.endswith("..."):
        return subject.startswith(label[:-3])
    return label == subject
