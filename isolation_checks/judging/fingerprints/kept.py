"""Fingerprints of rows whose owner is whoever came first, for all or for one row."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.newest import TOGETHER, Place
from isolation_checks.judging.fingerprints.rows import is_row, owners_own, stored
from isolation_checks.judging.fingerprints.scene import ALMOST_ALL, SEVERAL, Mechanism, Scene
from isolation_checks.loading.run import records
from isolation_checks.records import PrincipalId, QueryId

MANY = 5
"""So many others do not lose their rows to one user by turns."""
LAST = 0.1
"""The share of a run's time: a table holds only what was told then where it is written over."""


def kept_from_the_first(scene: Scene, found: Found) -> Mechanism | None:
    """Rows of many that all belong to one, who had asked before them: nobody's turn tells it."""
    if not is_row(scene, found) or not found.places:
        return None
    kept = scene.once(_kept).get(found.places[0][0])
    if kept is None or kept.owner != found.recipient or owners_own(scene, found):
        return None
    return Mechanism(
        name="an identity that is kept from whoever came first",
        because=(
            f"{kept.rows} of {kept.of} rows that {kept.victims} others should have belong to one "
            "user, who had asked before any of these did"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The one whose so many of the rows with a wrong owner are that others should have."""

    owner: PrincipalId
    rows: int
    of: int
    victims: int


def _kept(scene: Scene) -> dict[str, _Kept]:
    """By table, where nearly all rows with a wrong owner have one and the same."""
    tables: dict[str, list[Found]] = {}
    for found in scene.everything:
        if is_row(scene, found) and found.recipient and found.places:
            tables.setdefault(found.places[0][0], []).append(found)
    first: dict[PrincipalId, float] = {}
    for query in scene.run.history.queries.values():
        first[query.principal] = min(query.sent_s, first.get(query.principal, query.sent_s))
    known = {}
    for table, cases in tables.items():
        times = Counter[PrincipalId]()
        for found in cases:
            times[found.recipient or PrincipalId("")] += found.times
        owner, rows = times.most_common(1)[0]
        own = [found for found in cases if found.recipient == owner]
        theirs = [query for each in own for query in stored(scene, each)]
        earliest = min((query.sent_s for query in theirs), default=-math.inf)
        victims = len({found.victim for found in own})
        if victims < MANY or rows < ALMOST_ALL * times.total():
            continue
        if first.get(owner, math.inf) <= earliest + TOGETHER:
            known[table] = _Kept(owner=owner, rows=rows, of=times.total(), victims=victims)
    return known


def written_again(scene: Scene, found: Found) -> Mechanism | None:
    """Rows that are few and hold what was said last: each is found again, and not by its user."""
    if not is_row(scene, found) or not found.places or owners_own(scene, found):
        return None
    rows, late = scene.once(_last_said).get(found.places[0][0], (0, 0))
    if rows < SEVERAL or late < ALMOST_ALL * rows:
        return None
    return Mechanism(
        name="a row that is found without its user, and written again",
        because=(
            f"{late} of the {rows} rows of the table that hold words hold such as were told in the "
            f"last {LAST:.0%} of the run's time: what stood there before was written over, "
            "and the owner is still whoever came first"
        ),
    )


def _last_said(scene: Scene) -> dict[str, tuple[int, int]]:
    """By table, how many rows hold words, and how many of them such as were told last."""
    known = scene.run.history.queries
    sent = [query.sent_s for query in known.values()]
    limit = max(sent, default=0.0) - LAST * (max(sent, default=0.0) - min(sent, default=0.0))
    worded = scene.run.sightings.filter((nw.col("channel") == "row") & nw.col("planted"))
    told: dict[Place, float] = {}
    for each in records(worded.select("stream", "index", "planted_query").unique()):
        query = known.get(QueryId(each["planted_query"] or ""))
        if query is not None:
            place = each["stream"], each["index"]
            told[place] = max(query.sent_s, told.get(place, -math.inf))
    tables: dict[str, tuple[int, int]] = {}
    for (stream, _), at_s in told.items():
        rows, late = tables.get(stream, (0, 0))
        tables[stream] = rows + 1, late + (at_s >= limit)
    return tables
