"""Fingerprints of answers that were there before they were asked for: caches and memories."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.keys import ALIKE
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    LOOKED_AT_IN_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Passing,
    Scene,
    in_common,
    over,
    telling,
)
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, records
from isolation_checks.records import PrincipalId, QueryId, SessionId

LIKE = 0.6
"""The share of a question's words that another has to have to be much like it."""
FEW = 0.25
"""A share that is put down to what else goes on."""
AT_ONCE = 0.1
"""The share of the time that answers usually take, within which two come at the same moment."""


def same_question(scene: Scene, found: Found) -> Mechanism | None:
    """Answers that were there already: their questions had been answered before, or came fast."""
    same = scene.once(asked_before)
    if not scene.own(found) or len(same) < MOST * len(scene.passings):
        return None
    soon = scene.once(_count_soon)
    if soon < MOST * len(same) and len(same) < scene.once(_telling_share) * len(scene.passings):
        return None  # everybody asks the same: that the victim had, too, says nothing
    return _cached(same[0].recipient, len(same), len(scene.passings))


def same_question_by_name(scene: Scene, found: Found) -> Mechanism | None:
    """The same where an answer holds no words of the victim's, but its name."""
    if found.kind != "foreign-identity" or scene.passings:
        return None
    places, same = scene.once(_named_and_asked_before)
    if len(same) < max(SEVERAL, ALMOST_ALL * places):
        return None
    return _cached(same[0], len(same), places)


def same_question_by_ids(scene: Scene, found: Found) -> Mechanism | None:
    """The same where what was kept bears the ids of the answer that it was made for."""
    if not scene.about_others(found):
        return None
    places, same = scene.once(_kept_with_ids)
    if len(same) < max(SEVERAL, MOST * places):
        return None
    return _cached(same[0], len(same), places)


def _cached(first: Query, same: int, places: int) -> Mechanism:
    return Mechanism(
        name="a cache of answers without the user in its key",
        because=(
            f"in {same} of {places} places the recipient had asked word for "
            f"word what the victim had asked before{_took(first)}"
        ),
    )


def same_beginning(scene: Scene, found: Found) -> Mechanism | None:
    """Fast answers to questions that begin as the victim's did."""
    hits = scene.once(_begun_alike)
    if not scene.own(found) or not hits or len(hits) < MOST * len(scene.passings):
        return None
    return Mechanism(
        name="a cache whose key is cut short",
        because=(
            f"in {len(hits)} of {len(scene.passings)} places the recipient's question began as the "
            f"victim's did, for {min(hits)} letters and more, and was answered fast"
        ),
    )


def similar_question(scene: Scene, found: Found) -> Mechanism | None:
    """Answers to questions that are nearly the victim's, without a word of their own."""
    near, bare = scene.once(_nearly_asked_before)
    if not scene.own(found) or near < max(SEVERAL, ALMOST_ALL * len(scene.passings)):
        return None
    if bare < ALMOST_ALL * len(scene.passings) or scene.once(_usually_near) > FEW:
        return None
    return Mechanism(
        name="a cache of answers without the user in its key",
        because=(
            f"in {near} of {len(scene.passings)} places the recipient's question was much like "
            f"one of the victim's that had been answered before, and {bare} of these answers hold "
            "no word of their own question's: such a cache compares by likeness"
        ),
    )


def asked_before(scene: Scene) -> list[Passing]:
    """Where the victim had asked the same as the recipient, and been told the same words."""
    asked = _asked(scene.run)
    same = [(each, _same_before(scene, asked, each)) for each in scene.passings]
    told = _told(scene, [query.id for _, queries in same for query in queries])
    return [
        each
        for each, queries in same
        if any((query.id, each.victim.id) in told or query is each.victim for query in queries)
    ]


def _count_soon(scene: Scene) -> int:
    """How many of these came fast."""
    return sum(scene.answered_fast(each.recipient) for each in scene.once(asked_before))


def _telling_share(scene: Scene) -> float:
    """The share of answers to a question asked before that is no coincidence.

    It follows from how many others, of all who ask anything, had asked the same before.
    """
    asked: dict[str, dict[PrincipalId, float]] = {}
    for query in scene.run.history.queries.values():
        who = asked.setdefault(query.text, {})
        who[query.principal] = min(query.sent_s, who.get(query.principal, math.inf))
    others = len({query.principal for query in scene.run.history.queries.values()}) - 2
    shares = [
        sum(
            sent_s < over(each.recipient)
            for who, sent_s in asked[each.recipient.text].items()
            if who not in {each.victim.principal, each.recipient.principal}
        )
        / max(1, others)
        for each in scene.once(asked_before)
    ]
    return telling(sum(shares) / max(1, len(shares)))


def _told(scene: Scene, queries: Collection[QueryId]) -> frozenset[tuple[str, str]]:
    """The words in the answers to these queries, by the query that planted them."""
    seen = scene.run.sightings.filter(
        nw.col("query").is_in(sorted(set(queries))) & ~nw.col("planted_query").is_null()
    )
    pairs = records(seen.select("query", "planted_query").unique())
    return frozenset((pair["query"], pair["planted_query"]) for pair in pairs)


def _named_and_asked_before(scene: Scene) -> tuple[int, list[Query]]:
    """Of so many answers that name another user, those to what that user had asked before."""
    known, asked = scene.run.history.queries, _asked(scene.run)
    named = records(
        scene.run.sightings.filter(nw.col("identity") & (nw.col("channel") != "row")),
        limit=LOOKED_AT_IN_ALL,
    )
    places = [(each["owner"], known[each["query"]]) for each in named if each["query"] in known]
    same = [own for owner, own in places if _answered(asked.get((owner, own.text), ()), own)]
    return len(places), same


def _kept_with_ids(scene: Scene) -> tuple[int, list[Query]]:
    """Of so many answers that went astray, those that met the same question, asked behind them."""
    asked: dict[tuple[SessionId, str], list[Query]] = {}
    for query in scene.run.history.queries.values():
        asked.setdefault((query.session, query.text), []).append(query)
    met: dict[tuple[str, str], Query | None] = {}
    for frame in scene.of_others:
        victim = scene.run.history.queries.get(frame["label_query"])
        own = None
        if victim is not None:
            same = asked.get((frame["session"], victim.text), ())
            own = _waiting_behind(victim, same, frame["at_s"])
        met[frame["label_query"], frame["session"] if own is None else own.id] = own
    return len(met), [own for own in met.values() if own is not None]


def _waiting_behind(victim: Query, same: Iterable[Query], at_s: float) -> Query | None:
    """The first of these that was asked behind an answer and was open at this moment."""
    behind = (query for query in same if over(victim) < query.sent_s <= at_s <= over(query))
    return next(behind, None)


def _begun_alike(scene: Scene) -> list[int]:
    """Letters that questions had in common whose answers came fast."""
    alike = [
        in_common(each.victim.text, each.recipient.text)
        for each in scene.passings
        if scene.answered_fast(each.recipient)
    ]
    return [letters for letters in alike if letters >= ALIKE]


def _nearly_asked_before(scene: Scene) -> tuple[int, int]:
    """In how many cases a question was like the victim's; how many answers lack their own words."""
    near = sum(each.before and _like(each.victim, each.recipient) for each in scene.passings)
    return near, sum(not each.recipient.echoed for each in scene.passings)


def _usually_near(scene: Scene) -> float:
    """The share of questions that are as much like what another user had asked just before."""
    ordered = sorted(scene.run.history.queries.values(), key=lambda query: query.sent_s)
    pairs = [
        (one, other)
        for one, other in itertools.pairwise(ordered[:LOOKED_AT_IN_ALL])
        if one.principal != other.principal
    ]
    return sum(itertools.starmap(_like, pairs)) / max(1, len(pairs))


def _like(one: Query, other: Query) -> bool:
    """Whether two questions have most of their words in common."""
    words, others = set(one.text.casefold().split()), set(other.text.casefold().split())
    return len(words & others) > LIKE * min(len(words), len(others))


def _asked(run: Run) -> dict[tuple[PrincipalId, str], list[Query]]:
    """Queries by who asked and in which words."""
    asked: dict[tuple[PrincipalId, str], list[Query]] = {}
    for query in run.history.queries.values():
        asked.setdefault((query.principal, query.text), []).append(query)
    return asked


def _same_before(
    scene: Scene, asked: Mapping[tuple[PrincipalId, str], list[Query]], passing: Passing
) -> list[Query]:
    """The victim's queries in the recipient's words that were answered, or made this one fast."""
    own = passing.recipient
    asked_so = asked.get((passing.victim.principal, own.text), ())
    same = [query for query in asked_so if query is not own and query.sent_s < over(own)]
    there = _answered(same, own) or scene.answered_fast(own) or _answered_with(scene, same, own)
    return same if there else []


def _answered(same: Collection[Query], own: Query) -> bool:
    """Whether one of these queries had been answered when this one was sent."""
    return any(query.done_s is not None and query.done_s <= own.sent_s for query in same)


def _answered_with(scene: Scene, same: Collection[Query], own: Query) -> bool:
    """Whether one of these queries was answered at the same moment: both waited for one answer."""
    return any(
        query.done_s is not None
        and own.done_s is not None
        and abs(query.done_s - own.done_s) < AT_ONCE * scene.usual_s
        for query in same
    )


def _took(query: Query) -> str:
    if query.done_s is None:
        return ""
    return f", and was answered in {(query.done_s - query.sent_s) * 1000:.0f} ms"
