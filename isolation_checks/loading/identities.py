"""Finds principals named in what the platform says: their ids, their emails, marks of their tokens.

It says who is named where; whether that may be is decided where ownership is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import ahocorasick

from isolation_checks.loading.history import Principal
from isolation_checks.records import PrincipalId

SHORTEST = 8
"""An id shorter than this stands in texts by chance, as does one that is a mere word."""
MARKED = b"credential."
"""What is in every message that held a credential."""
_MARK = re.compile(r"credential\.([A-Za-z0-9.-]+)\.[0-9a-f]{16}")
"""What the recorder writes in the place of a credential that it knows."""


@dataclass(frozen=True, slots=True)
class Named:
    """A principal that a text names, and by what."""

    principal: PrincipalId
    how: str
    """`subject`, `email` or `credential`."""
    words: str


class Identities:
    """The names by which the principals of a run are known."""

    def __init__(self, principals: list[Principal]) -> None:
        self._known = frozenset(principal.id for principal in principals)
        self._automaton = ahocorasick.Automaton()
        for principal in principals:
            for how, name in (("subject", principal.subject), ("email", principal.email)):
                if name is not None and len(name) >= SHORTEST and not name.isalpha():
                    self._automaton.add_word(name, Named(principal.id, how, name))
        self._any = len(self._automaton) > 0
        self._automaton.make_automaton()

    def by_name(self, text: str) -> Iterator[Named]:
        """Whose ids and emails stand in a text, each as a word of its own.

        Where one begins like another, the longer one is meant.
        """
        if not self._any:
            return
        found = [
            (last + 1 - len(named.words), last + 1, named)
            for last, named in self._automaton.iter(text)
        ]
        for start, end, named in found:
            within = any(s <= start and end <= e and e - s > end - start for s, e, _ in found)
            alone = not _glued(text[start - 1 : start]) and not _glued(text[end : end + 1])
            if alone and not within:
                yield named

    def by_credential(self, text: str) -> Iterator[Named]:
        """Whose credentials a text held before the recorder marked them."""
        for found in _MARK.finditer(text):
            if found[1] in self._known:
                yield Named(PrincipalId(found[1]), "credential", found[0])


def _glued(symbol: str) -> bool:
    return symbol.isalnum() or symbol == "_"
