"""What of a run stands in a sampled table, and at which of its places.

Whole values are compared with ids; words are looked for inside of columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from isolation_checks.discovery.known import Known
from isolation_checks.discovery.sample import Sample
from isolation_checks.records import PrincipalId

Held = Mapping[int, PrincipalId]
"""For some rows of a sample, by their number, whose id stands at one place."""
FEWEST = 2
"""Principals who must stand at a place before it is taken for one where they do."""


@dataclass(slots=True, kw_only=True)
class Signs:
    """Of one sample: for every kind of id its places, and whose words its columns hold."""

    sample: Sample
    subjects: dict[str, Held] = field(default_factory=dict)
    emails: dict[str, Held] = field(default_factory=dict)
    conversations: dict[str, Held] = field(default_factory=dict)
    queries: dict[str, Held] = field(default_factory=dict)
    words: dict[str, dict[int, frozenset[PrincipalId]]] = field(default_factory=dict)

    @property
    def worded(self) -> dict[int, frozenset[PrincipalId]]:
        """For the rows that hold words of this run, whose they are."""
        rows: dict[int, frozenset[PrincipalId]] = {}
        for column in self.words.values():
            for row, whose in column.items():
                rows[row] = rows.get(row, frozenset()) | whose
        return rows

    @property
    def ours(self) -> frozenset[int]:
        """The rows that are of this run: by words, by an id of a query or conversation."""
        by_id = (*self.conversations.values(), *self.queries.values())
        return frozenset(self.worded).union(*by_id)

    @property
    def named(self) -> frozenset[int]:
        """The rows that name a principal of this run."""
        return frozenset[int]().union(*self.subjects.values(), *self.emails.values())

    def supposed(self) -> dict[int, frozenset[PrincipalId]]:
        """Whose each row ought to be, as far as its words or else its ids can say."""
        supposed = {
            row: frozenset((whose,))
            for held in self.conversations.values()
            for row, whose in held.items()
        }
        for held in self.queries.values():
            supposed |= {row: frozenset((whose,)) for row, whose in held.items()}
        return supposed | self.worded


def read(sample: Sample, known: Known) -> Signs:
    """What of a run stands in a sample."""
    signs = Signs(sample=sample)
    for place, values in sample.places.items():
        for ids, into in (
            (known.subjects, signs.subjects),
            (known.emails, signs.emails),
            (known.conversations, signs.conversations),
            (known.queries, signs.queries),
        ):
            held = {row: ids[value] for row, value in values.items() if value in ids}
            if held:
                into[place] = held
    for column in sample.columns:
        found = {
            row: whose
            for row, text in sample.places[column.name].items()
            if (whose := known.whose_words(text))
        }
        if found:
            signs.words[column.name] = found
    return signs
