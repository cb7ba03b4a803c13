"""By which mechanism a finding looks to have come about, from wire and row evidence alone.

Each fingerprint is a question about the first places of a finding; the first that
fits names the mechanism and says why.  None that fits is "unknown", honestly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, records

UNKNOWN = "unknown"
LOOKED_AT, LOOKED_AT_IN_ALL = 20, 500
"""Frames that are looked at, of one finding and of all together."""
MOST = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """A mechanism and why it looks like it."""

    name: str
    because: str


@dataclass(slots=True)
class Scene:
    """A run and everything that was found in it, seen together.

    A mechanism that shows in many findings is recognised better in all than in each.
    """

    run: Run
    everything: Sequence[Found]
    newest: tuple[int, int, float | None] = (0, 0, None)
    """Of so many frames of others' queries, so many went to the newest session, the first
    of them so many seconds after its connect."""

    reached: dict[tuple[str, str | None], frozenset[str]] = field(default_factory=dict)
    """Whom an event that comes once a query reached, by query and kind."""
    _known: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted: dict[str, set[int]] = {}
        for found in self.everything:
            for stream, index in found.places[:LOOKED_AT]:
                if stream.startswith("history/"):
                    wanted.setdefault(stream, set()).add(index)
        for stream, indexes in wanted.items():
            own = (nw.col("stream") == stream) & nw.col("index").is_in(sorted(indexes))
            for frame in records(self.run.frames.filter(own)):
                self._known[stream, frame["index"]] = frame
        asked = sorted({f["label_query"] for f in self._known.values() if f["label_query"]})
        same = self.run.frames.filter(
            nw.col("label_query").is_in(asked[:LOOKED_AT_IN_ALL])
            & ~nw.col("kind").is_in(sorted(_repeated(self.run)))
        )
        for record in records(same.select("label_query", "kind", "principal").unique()):
            key = record["label_query"], record["kind"]
            self.reached[key] = self.reached.get(key, frozenset()) | {record["principal"]}
        ordered = sorted(self._known.values(), key=lambda frame: float(frame["at_s"]))
        self.newest = _newest(self.run, ordered[:LOOKED_AT_IN_ALL])

    def frames(self, found: Found) -> list[dict[str, Any]]:
        """The frames at the first places of a finding, as the relation has them."""
        places = found.places[:LOOKED_AT]
        return [self._known[place] for place in places if place in self._known]

    def mechanism(self, found: Found) -> Mechanism:
        """What a finding looks like."""
        frames = self.frames(found)
        for fingerprint in _FINGERPRINTS:
            named = fingerprint(self, found, frames)
            if named is not None:
                return named
        return Mechanism(name=UNKNOWN, because="no fingerprint fits the evidence")


def _repeated(run: Run) -> set[str]:
    """The kinds of events of which an answer has several, such as the pieces of a stream."""
    named = run.frames.filter(~nw.col("label_query").is_null() & ~nw.col("kind").is_null())
    counts = named.group_by("label_query", "kind", "session").agg(nw.len().alias("n"))
    several = counts.filter(nw.col("n") > 1).select("kind").unique()
    return {record["kind"] for record in records(several)}


def _newest(run: Run, frames: list[dict[str, Any]]) -> tuple[int, int, float | None]:
    """How many frames of others' queries went to the session that had connected last."""
    ready = sorted(
        (session.ready_s, session.id)
        for session in run.history.sessions.values()
        if session.ready_s is not None and session.channel == "websocket"
    )
    of_others = [f for f in frames if f["query_owner"] not in (None, f["principal"])]
    hits, first = 0, None
    for frame in of_others:
        latest = [identity for at_s, identity in ready if at_s <= frame["at_s"] + _ALMOST]
        if frame["session"] in latest[-_AT_ONCE:]:
            hits += 1
            own = next(at_s for at_s, identity in ready if identity == frame["session"])
            first = frame["at_s"] - own if first is None else first
    return hits, len(of_others), first


_ALMOST = 0.05
"""A platform may count a session as connected a little before it says so."""
_AT_ONCE = 2
"""Of sessions that connect together nobody can say from outside which was the last."""


_READ = "a read by id alone, without a check of the owner"


def _probed(scene: Scene, found: Found, frames: list[dict[str, Any]]) -> Mechanism | None:  # noqa: ARG001 - the signature of all
    """What was tried says by which mechanism it was accepted."""
    if found.kind not in _PROBED:
        return None
    name, because = _PROBED[found.kind]
    said = because.format(victim=found.victim, recipient=found.recipient)
    return Mechanism(name=name, because=said)


_PROBED = {
    "forged-token": (
        "a token is believed that proves nothing",
        "what {recipient} showed was made without any part of {victim}'s",
    ),
    "claimed-identity": (
        "the user is taken from the request, not from the token",
        "the token was {recipient}'s own, and only the request spoke of {victim}",
    ),
    "anothers-conversation": (
        _READ,
        "{recipient} had asked for {victim}'s conversation by its id, and got it",
    ),
    "anothers-session": (
        "a session is given back by its id alone",
        "{recipient} proved nothing but that it had a session of its own",
    ),
    "ended-login": (
        "a login is believed after its end",
        "{victim} had ended it, or its time was over",
    ),
    "interference": (
        "an attempt takes effect before it is refused",
        "{victim} was cut off while {recipient} was being refused",
    ),
}


def _read_without_owner(
    scene: Scene, found: Found, frames: list[dict[str, Any]]
) -> Mechanism | None:
    asked = [f for f in frames if (f["principal"], f["conversation"]) in scene.run.asked_for]
    if found.channel != "http" and not (asked and len(asked) >= MOST * len(frames)):
        return None
    return Mechanism(
        name=_READ,
        because=(
            f"{found.recipient} had asked for {found.victim}'s conversation by its id, and got it"
        ),
    )


def _sent_to_all(scene: Scene, found: Found, frames: list[dict[str, Any]]) -> Mechanism | None:  # noqa: ARG001 - the signature of all
    for frame in frames:
        reached = scene.reached.get((frame["label_query"], frame["kind"]), frozenset())
        owner = frame["query_owner"]
        if owner in reached and len(reached) > 2:  # noqa: PLR2004 - the owner and several others
            return Mechanism(
                name="a targeted send became a send to all",
                because=f"the same {frame['kind']} reached {owner} and {len(reached) - 1} others",
            )
    return None


def _newest_socket(scene: Scene, found: Found, frames: list[dict[str, Any]]) -> Mechanism | None:  # noqa: ARG001 - the signature of all
    hits, seen, first = scene.newest
    of_others = [f for f in frames if f["query_owner"] not in (None, f["principal"])]
    if not of_others or not seen or hits < MOST * seen:
        return None
    when = "" if first is None else f", the first {max(0.0, first) * 1000:.0f} ms after its connect"
    return Mechanism(
        name="the newest socket wins",
        because=(
            f"{hits} of {seen} frames of others' queries went to the session that had "
            f"connected last{when}"
        ),
    )


def _same_question(scene: Scene, found: Found, frames: list[dict[str, Any]]) -> Mechanism | None:  # noqa: ARG001 - the signature of all
    """An answer that was there already: its question had been answered before, or it came fast."""
    own = scene.run.history.queries.get(found.recipient_query) if found.recipient_query else None
    if own is None:
        return None
    same = [
        query
        for query in scene.run.history.queries.values()
        if query.principal == found.victim
        and query.text == own.text
        and query.sent_s < (own.over_s or own.sent_s)
    ]
    answered = [query for query in same if query.done_s is not None and query.done_s <= own.sent_s]
    if not answered and not (same and _fast(scene.run, own)):
        return None
    took = "" if own.done_s is None else f", answered in {(own.done_s - own.sent_s) * 1000:.0f} ms"
    return Mechanism(
        name="a cache of answers without the user in its key",
        because=(
            f"{found.recipient} had asked word for word what {found.victim} had asked before{took}"
        ),
    )


def _fast(run: Run, query: Query) -> bool:
    """Whether a query was answered in less than half of what is usual."""
    took = sorted(
        other.done_s - other.sent_s
        for other in run.history.queries.values()
        if other.done_s is not None
    )
    if not took or query.done_s is None:
        return False
    return query.done_s - query.sent_s < MOST * took[len(took) // 2]


def _shared_agent(scene: Scene, found: Found, frames: list[dict[str, Any]]) -> Mechanism | None:
    own = [f for f in frames if f["query_owner"] == f["principal"]]
    victim = scene.run.history.queries.get(found.victim_query) if found.victim_query else None
    recipient = (
        scene.run.history.queries.get(found.recipient_query) if found.recipient_query else None
    )
    if victim is None or recipient is None or not _met(victim, recipient):
        return None
    if frames and len(own) < MOST * len(frames):
        return None
    return Mechanism(
        name="one agent object shared by overlapping runs",
        because=(
            f"the frames are {found.recipient}'s own by their ids and hold {found.victim}'s words; "
            "both queries were open at the time"
        ),
    )


def _newest_user(scene: Scene, found: Found, frames: list[dict[str, Any]]) -> Mechanism | None:
    if found.channel != "row" or found.kind != "foreign-row" or frames:
        return None
    hits = 0
    victims = [
        scene.run.history.queries[query]
        for query in found.queries
        if query in scene.run.history.queries
    ]
    for victim in victims:
        mine = [
            q
            for q in scene.run.history.queries.values()
            if q.principal == found.recipient and _met(victim, q)
        ]
        hits += bool(mine)
    if not victims or hits < MOST * len(victims):
        return None
    return Mechanism(
        name="a row written with the id of whoever came last",
        because=(
            f"in {hits} of {len(victims)} cases {found.recipient} had a query open when "
            f"{found.victim}'s was stored"
        ),
    )


def _delivery(scene: Scene, found: Found, frames: list[dict[str, Any]]) -> Mechanism | None:  # noqa: ARG001 - the signature of all
    stored = _completed_in_rows(scene.run, found) if found.kind == "no-end" else None
    said = _DELIVERY.get((found.kind, stored)) or _DELIVERY.get((found.kind, None))
    return Mechanism(name=said[0], because=said[1]) if said else None


def _completed_in_rows(run: Run, found: Found) -> bool | None:
    own = nw.col("query").is_in(sorted(found.queries)[:LOOKED_AT]) & ~nw.col("finished").is_null()
    rows = records(run.rows.filter(own))
    return all(row["finished"] for row in rows) if rows else None


_DELIVERY: dict[tuple[str, bool | None], tuple[str, str]] = {
    ("no-answer", None): ("accepted and never handled", "not even a first event came"),
    ("no-end", True): ("the last event is lost", "the rows say that the run is over"),
    ("no-end", False): (
        "the agent died without a word",
        "events stopped, and the rows say that the run goes on",
    ),
    ("lost-row", None): ("answered, never stored", "the answer came whole and its row is missing"),
    ("lost-memory", None): (
        "kept in one process's memory",
        "it was to be remembered, and no row holds it",
    ),
    ("duplicated-row", None): (
        "written twice",
        "a retry without idempotency leaves rows like these",
    ),
    ("placeholder-owner", None): (
        "a path without the user's identity",
        "the row's owner is a placeholder",
    ),
    ("half-answer", None): (
        "a commit where a rollback belongs",
        "the query failed and the rows of its answer are there",
    ),
    ("half-written", None): (
        "a commit without its end",
        "the operation is over and the row says it goes on",
    ),
    ("reordered-event", None): ("several senders without an order", "events overtook one another"),
    ("duplicated-event", None): (
        "sent again, or by two emitters",
        "the same event came more than once",
    ),
    ("event-after-end", None): ("several senders without an order", "an event came after the end"),
}


def _met(one: Query, other: Query) -> bool:
    """Whether two queries were open at the same time."""
    until = float("inf")
    return one.sent_s <= (other.over_s or until) and other.sent_s <= (one.over_s or until)


_FINGERPRINTS: tuple[Callable[[Scene, Found, list[dict[str, Any]]], Mechanism | None], ...] = (
    _probed,
    _read_without_owner,
    _sent_to_all,
    _newest_socket,
    _same_question,
    _shared_agent,
    _newest_user,
    _delivery,
)
