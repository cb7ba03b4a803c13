"""A dialect as a class: for a platform whose messages are lines of text."""

from __future__ import annotations

from typing import Any

from isolation_checks.dialects.reading import Ask, Reading
from isolation_checks.plan.tables.dialect import Dialect
from isolation_checks.records import Ending


class LineDialect:
    """`ASK id words`, answered by `WAIT id` and `ANSWER id words`."""

    def __init__(self, described: Dialect) -> None:
        self.opens = frozenset(described.opens)
        self.refuses = frozenset(described.refuses)
        self.protocol = described.protocol
        self.repeats = frozenset(described.repeats)
        self.first = frozenset(described.first)
        self._ends = {kind: Ending(ending) for kind, ending in described.ends.items()}

    def ask(self, query: Ask) -> bytes:
        """One line."""
        return f"ASK {query.query} {query.text}".encode()

    def read(self, frame: bytes) -> Reading:
        """The first word is the kind, the second the query, the rest the text."""
        kind, _, rest = frame.decode("utf-8", "replace").partition(" ")
        query, _, text = rest.partition(" ")
        return Reading(
            kind=kind, query=query or None, text=text or None, ending=self._ends.get(kind)
        )

    def answer(self, reading: Reading, frame: bytes, names: dict[str, Any]) -> bytes | None:  # noqa: ARG002 - the protocol's signature
        """Nothing wants to be answered."""
        return None

    def alive(self, names: dict[str, Any]) -> bytes | None:  # noqa: ARG002 - the protocol's signature
        """Nothing has to be kept alive."""
        return None

    def renew(self, names: dict[str, Any]) -> bytes | None:  # noqa: ARG002 - the protocol's signature
        """A session keeps the token it began with."""
        return None

    def read_conversation(self, names: dict[str, Any]) -> tuple[bytes, ...]:  # noqa: ARG002 - the protocol's signature
        """There are no conversations."""
        return ()
