"""Which query a message answers, from what the message says and what the session has open.

One correlator a session.  The driver feeds it as things happen, loading feeds it
the recorded history in the same order; both get the same placements.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Container
from dataclasses import dataclass, field

from isolation_checks.dialects.reading import Reading
from isolation_checks.plan.tables.dialect import Dialect
from isolation_checks.records import ConversationLabel, QueryId


class By(enum.StrEnum):
    """What tied a message to a query, strongest first."""

    QUERY = "query"
    RUN = "run"
    CONVERSATION = "conversation"
    ONLY = "only"
    """It names nothing of anybody else's, and one query of the session was open."""


_FROM = 1 << 52
"""Numbers of queries begin here, far above those that a platform counts by."""


@dataclass(slots=True)
class Correlator:
    """The open and past queries of one session, and the platform's ids learned for them."""

    subject: str | None = None
    known: Container[str] = ()
    """Every query id that any principal is known to have used."""
    users: Container[str] = ()
    """Every name by which the platform is known to call any principal."""
    answering: frozenset[str] | None = None
    """The kinds of events that answer queries; None: it is not known which do."""
    conversations: dict[ConversationLabel, str] = field(default_factory=dict)
    """The platform's id of each of our conversations, once known."""
    _labels: dict[QueryId, ConversationLabel] = field(default_factory=dict)
    _open: dict[QueryId, None] = field(default_factory=dict)
    _runs: dict[str, QueryId] = field(default_factory=dict)
    _echoed: bool = False
    """The platform names queries by our ids: one that is not ours is somebody else's."""
    _last: Reading | None = None
    """The last message that named its query: one that names all the same has the same."""
    _last_query: QueryId | None = None
    _named: bool = False
    """It names this principal as we do: another name is another's, and no alias."""

    def asked(
        self,
        query: QueryId,
        label: ConversationLabel,
        conversation: str | None,
        named: str | None = None,
    ) -> None:
        """A query was sent in a conversation (with the platform's id of it, where known).

        `named` is what the platform was told that it is called, where that is not its id.
        """
        self._labels[query] = label
        self._open[query] = None
        if named is not None:
            self._runs[named] = query
        if conversation is not None:
            self.conversations.setdefault(label, conversation)

    def ended(self, query: QueryId) -> None:
        """A query is over; messages that name it are still placed."""
        self._open.pop(query, None)

    def place(self, reading: Reading) -> tuple[QueryId | None, By | None]:
        """The query that a message answers and what says so, or (None, None)."""
        if reading.control:
            return None, None
        last = self._last
        if (
            last is not None
            and reading.query == last.query
            and reading.run == last.run
            and reading.conversation == last.conversation
            and reading.user == last.user
        ):
            return self._last_query, By.QUERY
        if reading.user is not None and self.subject is not None and not self._named:
            self._named = names(reading.user, self.subject)
        query, by = self._find(reading)
        if query is not None:
            self._echoed = self._echoed or by is By.QUERY
            self._learn(query, reading)
        self._last, self._last_query = (reading, query) if by is By.QUERY else (None, None)
        return query, by

    def is_anothers(self, label: str | None) -> bool:
        """Whether a label names somebody else.

        A platform may call a principal by a name that we never learned: until it has used
        ours, only a name that is known to be another's is one.
        """
        if names(label, self.subject):
            return False
        return self._named or label in self.users

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
        if len(self._open) == 1 and self._answers(reading.kind):
            query = next(iter(self._open))
            if not self._speaks_of_others(query, reading):
                return query, By.ONLY
        return None, None

    def _answers(self, kind: str | None) -> bool:
        return kind is not None and (self.answering is None or kind in self.answering)

    def _speaks_of_others(self, query: QueryId, reading: Reading) -> bool:
        """Whether a message names a query, a user or a conversation that is not this one's."""
        known = self.conversations.get(self._labels[query])
        return (
            (reading.query is not None and (self._echoed or reading.query in self.known))
            or (reading.conversation is not None and known not in (None, reading.conversation))
            or self.is_anothers(reading.user)
        )

    def _learn(self, query: QueryId, reading: Reading) -> None:
        for name in (reading.run, reading.query):
            if name is not None:
                self._runs.setdefault(name, query)
        if reading.conversation is not None and not self.is_anothers(reading.user):
            self.conversations.setdefault(self._labels[query], reading.conversation)


def answering(described: Dialect) -> frozenset[str] | None:
    """The kinds of events that answer queries, where a dialect names them.

    An event of another kind (a ping, somebody's presence) answers none that it does not name.
    """
    if not described.protocol:
        return None
    return frozenset((*described.protocol, *described.first, *described.ends))


def our_conversation(run: str, label: ConversationLabel) -> str:
    """The id of a conversation for a platform that leaves naming to its clients.

    It is the same whenever it is asked for, and never used by another run.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"crosstalk:{run}/{label}"))


def our_query(number: int, *, numbered: bool) -> QueryId:
    """The id of a query, from a number of 128 bits: a UUID, or what every platform can count to.

    A number of sixteen digits is exact in JavaScript, and is nobody's by chance.
    """
    if numbered:
        return QueryId(str(_FROM + number % _FROM))
    return QueryId(str(uuid.UUID(int=number)))


def names(label: str | None, subject: str | None) -> bool:
    """Whether a label may name this subject: equal, cut short with `...`, or not given."""
    if label is None or subject is None:
        return True
    if label.endswith("..."):
        return subject.startswith(label[:-3])
    return label == subject
