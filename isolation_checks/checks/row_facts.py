"""Which rows hold what is known only of a persona who does not own them.

It says which do, and why others may; what follows is the check's of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found
from isolation_checks.checks.foreign_facts import convicts, counted, told_with
from isolation_checks.loading.facts import FactSighting, telling
from isolation_checks.loading.run import Run
from isolation_checks.records import PrincipalId

UNTOLD = "nobody had given that before in this run"
UNDATED = "another run with this seed may have left it, since no time of the table's is stated"
_Pair = tuple[PrincipalId, PrincipalId]
_Row = tuple[PrincipalId, PrincipalId, str, int]
"""Owner of the facts, who has the row, and its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InRows:
    """What the facts in rows say."""

    found: list[Found]
    doubt: str = ""
    """Why rows hold others' facts though nobody can be accused of it; empty: none does."""
    lead: str = ""
    """One fact alone, which convicts nobody."""
    blind: tuple[str, ...] = ()
    """Why no fact in a row says anything."""


def in_rows(run: Run, known: Collection[tuple[object, ...]]) -> InRows:
    """Rows with two facts, or a phrase, of somebody else; but for those that are known already."""
    facts = run.facts
    told = telling(run.history, [*facts.sightings, *facts.in_rows])
    rows = {row: seen for row, seen in _by_row(told.sightings).items() if row not in known}
    pairs: dict[_Pair, list[list[FactSighting]]] = defaultdict(list)
    for (owner, holder, *_), seen in rows.items():
        if convicts(seen):
            pairs[owner, holder].append(seen)
    leads = [seen[0] for seen in rows.values() if not convicts(seen)]
    mute = told.by_themselves if facts.in_rows else ""
    old = telling(run.history, facts.in_old_rows)
    return InRows(
        found=[_found(run, seen) for seen in pairs.values()],
        doubt=_doubt(told.unexplained, UNTOLD)
        or _doubt((*old.sightings, *old.unexplained), UNDATED),
        lead=_lead(leads),
        blind=(f"facts of personas convict no row here: {mute}",) if mute else (),
    )


def _by_row(sightings: Iterable[FactSighting]) -> dict[_Row, list[FactSighting]]:
    rows: dict[_Row, list[FactSighting]] = defaultdict(list)
    for sighting in sightings:
        if sighting.channel == "row":
            place = sighting.stream, sighting.index
            rows[sighting.fact.principal, sighting.principal, *place].append(sighting)
    return rows


def _doubt(sightings: Iterable[FactSighting], why: str) -> str:
    rows = [seen for seen in _by_row(sightings).values() if convicts(seen)]
    if not rows:
        return ""
    first = rows[0][0]
    many = "one row holds" if len(rows) == 1 else f"{len(rows)} rows hold"
    return (
        f"{many} what is known of others, as a row of {first.kind} that belongs to "
        f"{first.principal} does of {first.fact.principal} ({_words(rows[0])}); {why}"
    )


def _lead(leads: list[FactSighting]) -> str:
    if not leads:
        return ""
    first = leads[0]
    return (
        f"{counted(leads)}: a row of {first.kind} that belongs to {first.principal} "
        f"holds one fact of {first.fact.principal}'s ({first.fact.text!r})"
    )


def _words(seen: Iterable[FactSighting]) -> str:
    return " and ".join(sorted({sighting.fact.text for sighting in seen}))


def _found(run: Run, rows: list[list[FactSighting]]) -> Found:
    first = rows[0][0]
    owner, holder = first.fact.principal, first.principal
    planted = told_with(run, first)
    record = {"stream": first.stream, "index": first.index, "kind": first.kind}
    other = first.query if first.query != planted else None
    return Found(
        kind="foreign-fact",
        cwe=639,
        victim=owner,
        recipient=holder,
        channel="row",
        sentence=(
            f"a row of {first.kind} that belongs to {holder} holds what is known only of {owner}: "
            f"{_words(rows[0])}"
        ),
        times=len(rows),
        first_s=None,
        witness=lambda: witness.in_order(
            witness.asked(run, planted, "victim"),
            witness.asked(run, other, "recipient"),
            witness.arrived(run, record, holder, "recipient"),
        ),
        places=tuple((seen[0].stream, seen[0].index) for seen in rows),
        victim_query=planted,
        recipient_query=other,
        queries=frozenset(seen[0].query for seen in rows if seen[0].query is not None),
    )
