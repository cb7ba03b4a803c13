"""What a run is known by in a database: its words, its principals, conversations and queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isolation_checks.loading import words
from isolation_checks.loading.ownership import Ownership
from isolation_checks.loading.run import Run
from isolation_checks.records import Ending, PrincipalId

Ids = Mapping[str, PrincipalId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The ids of a run, each with its principal; words are asked for by `whose_words`."""

    ownership: Ownership
    subjects: Ids
    emails: Ids
    conversations: Ids
    queries: Ids
    answered: frozenset[str]
    """The queries that were answered well."""
    started_s: float
    """When the run began, in seconds since 1970."""

    @classmethod
    def of(cls, run: Run, started_s: float) -> Known:
        """What is known of a loaded run."""
        ownership, queries = run.ownership, run.history.queries
        claims = {name: next(iter(whose)) for name, whose in ownership.claims.items() if whose}
        return cls(
            ownership=ownership,
            subjects=dict(ownership.by_subject),
            emails=dict(ownership.by_email),
            conversations=claims,
            queries={query.id: query.principal for query in queries.values()},
            answered=frozenset(q.id for q in queries.values() if q.ending is Ending.OK),
            started_s=started_s,
        )

    def whose_words(self, text: str) -> frozenset[PrincipalId]:
        """Whose words of this run a text holds, however they are written."""
        found = set()
        for word in words.everywhere(text):
            claimed = self.ownership.claim(word)
            if claimed is not None and claimed.planting is not None and claimed.owner is not None:
                found.add(claimed.owner)
        return frozenset(found)
