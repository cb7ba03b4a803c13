"""Finds principals named in what the platform says: their ids, their emails, marks of their tokens.

It says who is named where; whether that may be is decided where ownership is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isolation_checks import names, scanning
from isolation_checks.history.credentials import NOBODYS
from isolation_checks.loading.history import Principal
from isolation_checks.records import PrincipalId
from isolation_checks.scanning import Scanner

MARK = "credential."
MARKED = MARK.encode()
"""What is in every message that held a credential."""
CREDENTIAL = "credential"
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
        self._names = [
            Named(principal.id, how, name)
            for principal in principals
            for how, name in (("subject", principal.subject), ("email", principal.email))
            if name is not None and names.unmistakable(name)
        ]
        self._scanner = Scanner(
            [scanning.word(scanning.octets(named.words)) for named in self._names]
        )

    def by_name(self, texts: Sequence[str]) -> Iterator[tuple[int, Named]]:
        """Whose ids and emails stand in which of many texts, each as a word of its own.

        Where one begins like another, the longer one is meant.
        """
        hits = self._scanner.among(texts)
        there: dict[int, list[tuple[int, int, Named]]] = {}
        for number, which, end in zip(hits.numbers, hits.texts, hits.ends, strict=True):
            named = self._names[number]
            place = (int(end) - len(scanning.octets(named.words)), int(end), named)
            there.setdefault(int(which), []).append(place)
        for which, found in there.items():
            text = scanning.octets(texts[which])
            for start, end, named in found:
                within = any(s <= start and end <= e and e - s > end - start for s, e, _ in found)
                if not within and not _glued(text, start, end):
                    yield which, named

    def nobodys_credential(self, text: str) -> bool:
        """Whether a text held a credential of which nobody can say whose it is."""
        return any(found[1] == NOBODYS for found in _MARK.finditer(text))

    def by_credential(self, text: str) -> Iterator[Named]:
        """Whose credentials a text held before the recorder marked them."""
        for found in _MARK.finditer(text):
            if found[1] in self._known:
                yield Named(PrincipalId(found[1]), CREDENTIAL, found[0])


def _glued(text: bytes, start: int, end: int) -> bool:
    """Whether a stretch is part of a longer word, or of a longer id."""
    around = scanning.around(text, start, end)
    return any(symbol.isalnum() or symbol == "_" for symbol in around)
