"""Fingerprints of rows that belong to the wrong principal."""

from __future__ import annotations

import bisect
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.keys import asked_under
from isolation_checks.judging.fingerprints.newest import TOGETHER, Place
from isolation_checks.judging.fingerprints.scene import (
    LOOKED_AT,
    LOOKED_AT_IN_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    over,
    telling,
)
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import records
from isolation_checks.records import PrincipalId, QueryId

BEHIND = 0.1
"""Seconds behind an answer in which what writes behind it may still write."""
AT_ONCE = 2
"""Of those who come at nearly the same time nobody can say from outside who was the last."""
_WRONG = ("foreign-row", "foreign-fact")


def newest_user(scene: Scene, found: Found) -> Mechanism | None:
    """Rows with the id of somebody who was busy at the same time, or who connected last.

    Of a row whose query nobody knows, as those of probes, what most others show is said.
    """
    if not is_row(scene, found) or _mixed(scene, found):
        return None
    turns = scene.once(_whose_turn)
    for hits, usual, said in (
        (turns.connected, turns.usually_connected, "connected"),
        (turns.asked, turns.usually_asked, "asked"),
    ):
        if hits >= SEVERAL and hits > MOST * turns.seen and hits >= telling(usual) * turns.seen:
            return _newest(
                f"in {hits} of {turns.seen} cases the row's owner was the one who had "
                f"{said} last when the query that it is about was answered"
            )
    met = turns.seen and turns.met >= min(1.0, telling(turns.usual)) * turns.seen
    if owners_own(scene, found) or not (met and stored(scene, found)):
        return None
    return _newest(
        f"in {turns.met} of {turns.seen} cases the row's owner had a query open when the query "
        "that it is about was stored"
    )


def _newest(because: str) -> Mechanism:
    return Mechanism(name="a row written with the id of whoever came last", because=because)


def mixed_up(scene: Scene, found: Found) -> Mechanism | None:
    """Rows that are their owner's own by their query or conversation, with another's words."""
    if not is_row(scene, found) or not _mixed(scene, found):
        return None
    own, worded = scene.once(_count_owners_own)
    return Mechanism(
        name="one's words written into another's row",
        because=(
            f"in {own} of {worded} cases the row is about a query or conversation of its owner's, "
            "and only its words are another's: whoever wrote it had both at hand, as one who "
            "writes for several at once has"
        ),
    )


def _mixed(scene: Scene, found: Found) -> bool:
    """Whether this row, as most, is about its owner's own query: then nobody's id is wrong in it.

    Who came last is then so by chance: of few who are written for at once, somebody is.  A row
    that cannot tell is as most are that can.
    """
    own, worded = scene.once(_count_owners_own)
    return own > 0 and own >= MOST * worded and owners_own(scene, found) is not False


def left_on_a_worker(scene: Scene, found: Found) -> Mechanism | None:
    """Rows with the id of somebody who had been served before: nobody tells it anything now."""
    if not is_row(scene, found) or owners_own(scene, found):
        return None
    turns = scene.once(_whose_turn)
    if turns.seen < SEVERAL or turns.before < MOST * turns.seen or not stored(scene, found):
        return None
    return Mechanism(
        name="an identity that another's run had left on a worker",
        because=(
            f"in {turns.before} of {turns.seen} cases the row's owner had been answered before "
            "the query that the row is about was sent, and had nothing open meanwhile"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turns:
    """Of so many queries whose rows belong to others, those where the owner was in this place."""

    seen: int = 0
    connected: int = 0
    """The last who had connected when the query was answered."""
    usually_connected: float = 1.0
    """The share of all who had ever connected that are the last, on average."""
    asked: int = 0
    """The last who had asked then."""
    usually_asked: float = 1.0
    """The share of all others who asked anything that are the last, on average."""
    met: int = 0
    """Somebody who had a query open meanwhile."""
    usual: float = 0.0
    """The share of all others who asked anything that had one open, on average."""
    before: int = 0
    """Somebody who had been answered before, and had nothing open meanwhile."""


def is_row(scene: Scene, found: Found) -> bool:
    """Whether a finding is of a row that has the wrong owner, or another's words."""
    return found.channel == "row" and found.kind in _WRONG and not scene.frames(found)


def owners_own(scene: Scene, found: Found) -> bool | None:
    """Whether a row with another's words is about a query or a conversation of its owner's.

    None where it cannot tell.  An id that several had asked under is its owner's whoever's row
    it is: then others tell.
    """
    query = scene.run.history.queries.get(found.recipient_query or QueryId(""))
    if query is None:
        holder = scene.once(_holders).get(found.places[0]) if found.places else None
        return None if holder is None else holder == found.recipient
    if query.principal != found.recipient or not _is_anybodys(scene, query):
        return query.principal == found.recipient
    return scene.once(_others_are_owners_own)


def _is_anybodys(scene: Scene, query: Query) -> bool:
    return (query.named or query.id) in scene.once(asked_under)


def _others_are_owners_own(scene: Scene) -> bool:
    """Whether most rows about a query that only one can have asked are about their owner's."""
    known = scene.run.history.queries
    own = others = 0
    for found in scene.everything:
        query = known.get(found.recipient_query or found.victim_query or QueryId(""))
        if query is None or not found.queries or _is_anybodys(scene, query):
            continue
        if is_row(scene, found):
            own += found.times * (query.principal == found.recipient)
            others += found.times * (query.principal != found.recipient)
    return own >= MOST * (own + others)


def _count_owners_own(scene: Scene) -> tuple[int, int]:
    """How many rows with another's words are their owner's own, of those that can tell."""
    rows = [f for f in scene.everything if is_row(scene, f)]
    told = [(own, f.times) for f in rows if (own := owners_own(scene, f)) is not None]
    return sum(times for own, times in told if own), sum(times for _, times in told)


def _holders(scene: Scene) -> dict[Place, str]:
    """Of rows with another's words, whose conversation they are of, as answers named it.

    Only of tables that hold one row of a conversation, such as its title: in others it may be
    the conversation's id that is wrong in a row.
    """
    wanted: dict[str, list[int]] = {}
    for found in scene.everything:
        for stream, index in found.places[:1] if is_row(scene, found) else ():
            wanted.setdefault(stream, []).append(index)
    run = scene.run
    placed = run.rows.filter(~nw.col("conversation").is_null())
    alike = placed.group_by("table", "conversation").agg(nw.len().alias("n"))
    several = alike.filter(nw.col("n") > 1).select("table").unique()
    single = placed.join(several, on="table", how="anti").select("stream", "index", "conversation")
    held: dict[Place, str] = {}
    for stream, indexes in wanted.items():
        here = single.filter((nw.col("stream") == stream) & nw.col("index").is_in(sorted(indexes)))
        for row in records(here.join(run.conversations, on="conversation", how="inner")):
            held[row["stream"], row["index"]] = row["conversation_owner"]
    return held


def stored(scene: Scene, found: Found) -> list[Query]:
    """The victim's queries that rows are about, by their ids or else by their words."""
    known = scene.run.history.queries
    named = [query for query in sorted(found.queries)[:LOOKED_AT] if query in known]
    own = [known[query] for query in named if known[query].principal == found.victim]
    told = known.get(found.victim_query or QueryId(""))
    return own or ([told] if told is not None else [])


def _whose_turn(scene: Scene) -> _Turns:
    history = scene.run.history
    opened = sorted(
        (session.ready_s, session.principal)
        for session in history.sessions.values()
        if session.ready_s is not None and session.channel == "websocket"
    )
    asked = sorted((query.sent_s, query.principal) for query in history.queries.values())
    own: dict[PrincipalId, list[Query]] = {}
    for query in history.queries.values():
        own.setdefault(query.principal, []).append(query)
    cases = [
        (victim, found.recipient)
        for found in scene.everything
        if found.kind == "foreign-row" and found.channel == "row" and found.recipient
        for victim in stored(scene, found)
    ]
    cases = cases[:: 1 + len(cases) // LOOKED_AT_IN_ALL]  # from all over the run
    last_connected = [_latest(opened, over(v), 1) - {v.principal} for v, _ in cases]
    last_asked = [_latest(asked, over(v), AT_ONCE) - {v.principal} for v, _ in cases]
    owners = [owner for _, owner in cases]
    return _Turns(
        seen=len(cases),
        connected=_hits(last_connected, owners),
        usually_connected=_chance(last_connected, {who for _, who in opened}),
        asked=_hits(last_asked, owners),
        usually_asked=_chance(last_asked, own.keys()),
        met=sum(any(_met(victim, query) for query in own.get(o, ())) for victim, o in cases),
        usual=_usual(own, [victim for victim, _ in cases[:LOOKED_AT]]),
        before=sum(_was_served(own.get(owner, ()), victim) for victim, owner in cases),
    )


def _hits(last: Sequence[Collection[PrincipalId]], owners: Sequence[PrincipalId]) -> int:
    """How often the owner is one of those who were the last."""
    return sum(owner in those for those, owner in zip(last, owners, strict=True))


def _chance(last: Sequence[Collection[PrincipalId]], among: Collection[PrincipalId]) -> float:
    """The share of cases in which any other of these would be one of those, too, on average."""
    return sum(map(len, last)) / max(1, len(last) * (len(among) - 1))


def _usual(asked: Mapping[PrincipalId, Sequence[Query]], victims: Sequence[Query]) -> float:
    """The share of others who have a query open beside one of these, on average."""
    shares = [
        sum(any(_met(victim, query) for query in own) for own in asked.values()) - 1
        for victim in victims
    ]
    return sum(shares) / max(1, len(shares) * (len(asked) - 1))


def _latest(came: list[tuple[float, PrincipalId]], at_s: float, at_least: int) -> set[PrincipalId]:
    """Who came last before a moment, so many of them, and whoever had come together with these."""
    place = bisect.bisect_right(came, (at_s, PrincipalId(chr(sys.maxunicode))))
    first = max(0, place - at_least)
    while 0 < first < place and came[place - 1][0] - came[first - 1][0] <= TOGETHER:
        first -= 1
    return {who for _, who in came[first:place]}


def _was_served(own: Iterable[Query], victim: Query) -> bool:
    """Whether somebody had been answered before a query was sent, and asked nothing meanwhile."""
    own = list(own)
    return any(over(query) < victim.sent_s for query in own) and not any(
        _met(victim, query) for query in own
    )


def _met(victim: Query, other: Query) -> bool:
    """Whether another query was open while one was, or when its row may have been written."""
    return victim.sent_s <= over(other) and other.sent_s <= over(victim) + BEHIND
