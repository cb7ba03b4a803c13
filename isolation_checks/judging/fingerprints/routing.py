"""Fingerprints of frames that went to somebody else than they were made for."""

from __future__ import annotations

from collections import Counter
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    LOOKED_AT_IN_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    of_another,
    over,
    owner_of,
    telling,
)
from isolation_checks.loading.run import records
from isolation_checks.records import PrincipalId

READ = "a read by id alone, without a check of the owner"
TWICE = 2
"""So many times what would be by chance is no coincidence."""
SOME = 0.1
"""The share of all frames at which a pattern is taken to be one."""
MANY = 5000
"""Events of which it is asked whether they come behind their answers."""
SOON_SECONDS = 1.0
"""What was kept for somebody is sent as soon as anybody comes."""


def read_without_owner(scene: Scene, found: Found) -> Mechanism | None:
    """The recipient had asked for it by its id, and nobody got it who had not."""
    frames = scene.frames(found)
    asked = [f for f in frames if (f["principal"], f["conversation"]) in scene.run.asked_for]
    asked = [f for f in asked if not _unasked(scene, f)]
    by_call = found.channel == "http" and _had_read(scene, found)
    if not by_call and not (asked and len(asked) >= MOST * len(frames)):
        return None
    return Mechanism(
        name=READ,
        because=(
            f"{found.recipient} had asked for {found.victim}'s conversation by its id, and got it"
        ),
    )


def _had_read(scene: Scene, found: Found) -> bool:
    """Whether the recipient had asked for a conversation of the victim's."""
    return any(
        act.kind == "read" and (act.principal, act.other) == (found.recipient, found.victim)
        for act in scene.run.history.provocations
    )


def _unasked(scene: Scene, frame: dict[str, Any]) -> bool:
    """Whether its query's events also reached somebody who neither asked for it nor owns it."""
    heard = scene.once(_heard).get(frame["label_query"], frozenset())
    others = heard - {owner_of(frame), frame["principal"]}
    return any((who, frame["conversation"]) not in scene.run.asked_for for who in others)


def _heard(scene: Scene) -> dict[str, frozenset[str]]:
    """Whom any event reached that comes once a query, by the query."""
    heard: dict[str, frozenset[str]] = {}
    for (query, _), who in scene.reached.items():
        heard[query] = heard.get(query, frozenset()) | who
    return heard


def sent_to_all(scene: Scene, found: Found) -> Mechanism | None:
    """One event, many recipients: this one's, or else nearly all that went astray."""
    for frame in scene.frames(found):
        if _to_several(scene, frame):
            others = len(scene.reached_at_once(frame)) - 1
            return _to_all(
                f"the same {frame['kind']} reached {frame['query_owner']} and {others} others"
            )
    counted, several = scene.once(_count_to_several)
    if not scene.about_others(found) or not several or several < MOST * counted:
        return None
    return _to_all(
        f"{several:,} of {counted:,} events of others' queries that come once reached "
        "whoever asked and several others"
    )


def sent_to_a_tenant(scene: Scene, found: Found) -> Mechanism | None:
    """Whoever is of the same tenant got it, and nobody else."""
    if not scene.about_others(found):
        return None
    twice, mates, left_out = scene.once(_count_to_mates)
    if mates < max(SEVERAL, ALMOST_ALL * twice) or left_out < MOST * mates:
        return None
    return Mechanism(
        name="a targeted send became a send to the whole tenant",
        because=(
            f"{mates} of {twice} events of others' queries that come once reached whoever asked "
            f"and mates of the same tenant alone, in {left_out} cases while others were there"
        ),
    )


def _to_all(because: str) -> Mechanism:
    return Mechanism(name="a targeted send became a send to all", because=because)


def second_emitter(scene: Scene, found: Found) -> Mechanism | None:
    """The owner got the event, and one other did too, of several who might have."""
    of_others, twice = scene.once(_count_twice_at_once)
    if not scene.about_others(found) or not twice or twice < MOST * of_others:
        return None
    left_out, looked_at = scene.once(_count_passed_over)
    if left_out < MOST * looked_at:
        return None  # nobody else was there: it may have been sent to all
    return Mechanism(
        name="a second emitter sends each event again, to somebody else",
        because=(
            f"{twice:,} of {of_others:,} events of others' queries that come once had reached "
            "whoever asked, too"
        ),
    )


def replayed(scene: Scene, found: Found) -> Mechanism | None:
    """Frames for a session that was gone, sent to one that had just come."""
    of_others, late = len(scene.of_others), scene.once(_count_kept)
    if not scene.about_others(found) or late < MOST * of_others:
        return None
    return kept_for_another(
        f"{late} of {of_others} frames of others' queries came when their own "
        f"session was closed, within {SOON_SECONDS:.0f} s of a connect"
    )


def kept_for_another(because: str) -> Mechanism:
    """A queue, or what was said last, that is given to whoever comes."""
    return Mechanism(name="what was kept for a dropped socket is sent to another", because=because)


def _count_kept(scene: Scene) -> int:
    return sum(_was_kept(scene, frame) for frame in scene.of_others)


def _count_idle(scene: Scene) -> int:
    return sum(_idle(scene, frame) for frame in scene.all_frames)


def count_twice(scene: Scene) -> tuple[int, int]:
    """Of so many events that come once an answer, so many had reached whoever asked, too."""
    reached = (scene.reached.get((f["label_query"], f["kind"])) for f in scene.of_others)
    counted = [(f, who) for f, who in zip(scene.of_others, reached, strict=True) if who]
    return len(counted), sum(f["query_owner"] in who for f, who in counted)


def _count_twice_at_once(scene: Scene) -> tuple[int, int]:
    """The same, with those alone that reached both at nearly the same time."""
    counted, _ = scene.once(count_twice)
    return counted, sum(f["query_owner"] in scene.reached_at_once(f) for f in scene.of_others)


def _count_passed_over(scene: Scene) -> tuple[int, int]:
    """Of events that had reached whoever asked, too, those that somebody there was not sent.

    And of how many that was looked at.
    """
    twice = [f for f in scene.of_others if f["query_owner"] in scene.reached_at_once(f)]
    twice = twice[:: 1 + len(twice) // LOOKED_AT_IN_ALL]
    return sum(_left_out(scene, frame) for frame in twice), len(twice)


def _left_out(scene: Scene, frame: dict[str, Any]) -> bool:
    """Whether somebody was there whom an event did not reach."""
    reached = scene.reached_at_once(frame)
    return any(
        session.principal not in reached
        and session.channel == "websocket"
        and session.came_s is not None
        and session.came_s <= frame["at_s"]
        and (session.closed_s is None or session.closed_s > frame["at_s"])
        for session in scene.run.history.sessions.values()
    )


def _count_to_mates(scene: Scene) -> tuple[int, int, int]:
    """Of so many events that others got as well, those that none but mates of a tenant got.

    And those of them of which somebody else who was there got nothing.
    """
    known = scene.run.history.principals
    tenants = {each.id: each.tenant for each in known.values() if each.tenant is not None}
    twice = [f for f in scene.of_others if f["query_owner"] in scene.reached_at_once(f)]
    twice = twice[:: 1 + len(twice) // LOOKED_AT_IN_ALL]
    mates = [
        frame
        for frame in twice
        if frame["query_owner"] in tenants
        and {tenants.get(PrincipalId(who)) for who in scene.reached_at_once(frame)}
        == {tenants[frame["query_owner"]]}
    ]
    return len(twice), len(mates), sum(_left_out(scene, frame) for frame in mates)


def _count_to_several(scene: Scene) -> tuple[int, int]:
    """Of so many events that come once an answer, so many reached their owner and several."""
    counted = [frame for frame in scene.of_others if scene.reached_at_once(frame)]
    return len(counted), sum(_to_several(scene, frame) for frame in counted)


def _to_several(scene: Scene, frame: dict[str, Any]) -> bool:
    reached = scene.reached_at_once(frame)
    return frame["query_owner"] in reached and len(reached) > 2  # noqa: PLR2004 - the owner and several others


def _was_kept(scene: Scene, frame: dict[str, Any]) -> bool:
    history = scene.run.history
    query = history.queries.get(frame["label_query"])
    meant = history.sessions.get(query.session) if query is not None else None
    got = history.sessions.get(frame["session"])
    came_s = got.came_s if got is not None else None
    if query is None or meant is None or meant.closed_s is None or came_s is None:
        return False
    if query.done_s is not None and query.done_s <= meant.closed_s:
        return False  # nothing of its answer was left to keep
    return bool(meant.closed_s <= frame["at_s"] <= came_s + SOON_SECONDS)


def newest_socket(scene: Scene, found: Found) -> Mechanism | None:
    """Whoever connected last hears everything."""
    newest = scene.newest
    frames = scene.frames(found)
    there = {(frame["stream"], frame["index"]) for frame in frames}
    few = min(1.0, telling(newest.usual)) * newest.seen
    if not newest.seen or newest.hits < few or newest.last < TWICE * newest.by_chance:
        return None
    if newest.by_coincidence:
        return None
    counted, twice = scene.once(count_twice)
    if counted and twice >= MOST * counted:
        return None  # what went to the newest had gone to whoever asked as well
    relabelled, so_too = scene.relabelled
    filled_in = bool(so_too) and so_too >= MOST * relabelled
    if not any(map(of_another, frames)) and not (there and (filled_in or there <= scene.to_newest)):
        return None  # two may have asked under one id: then a frame's ids do not tell
    when = ""
    if newest.after_s is not None:
        when = f", the first {max(0.0, newest.after_s) * 1000:.0f} ms after its connect"
    if filled_in:
        when += (
            f"; so did {so_too} of {relabelled} with another's words under the recipient's own "
            "ids, which a sender must have filled in"
        )
    return Mechanism(
        name="the newest socket wins",
        because=(
            f"{newest.hits} of {newest.seen} frames of others' queries went to the session that "
            f"had connected last{when}"
        ),
    )


def laundered(scene: Scene, found: Found) -> Mechanism | None:
    """Frames that bear the recipient's ids, at a time when it had asked for nothing."""
    if not any(_idle(scene, frame) for frame in scene.frames(found)):
        return None
    everywhere, idle = len(scene.all_frames), scene.once(_count_idle)
    if idle < SOME * everywhere:
        return None
    return Mechanism(
        name="another's frames under the recipient's ids",
        because=(
            f"{idle} of {everywhere} frames name a query of their recipient's that was "
            "over by then, and hold another's words: a sender filled in the ids"
        ),
    )


def _idle(scene: Scene, frame: dict[str, Any]) -> bool:
    own = frame["query_owner"] == frame["principal"]
    late = own and _is_late(scene, frame)
    return late and frame["kind"] not in scene.once(_always_late)


def _is_late(scene: Scene, frame: dict[str, Any]) -> bool:
    query = scene.run.history.queries.get(frame["label_query"])
    return query is not None and over(query) < frame["at_s"]


def _always_late(scene: Scene) -> frozenset[str]:
    """Kinds of events that come behind the answer in any case, as a title or its cost does.

    By their place behind the event that ends it: both may come at one moment.  Those that the
    protocol promises belong into the answer.
    """
    others = scene.foreign_kinds.difference(scene.run.history.plan.dialect.protocol)
    named = scene.run.frames.filter(
        nw.col("kind").is_in(sorted(others)) & ~nw.col("label_query").is_null()
    ).select("kind", "label_query", "stream", "index", "at_s")
    looked_at = records(named, "stream", "index", limit=MANY)
    ends = scene.run.frames.filter(
        nw.col("label_query").is_in(sorted({frame["label_query"] for frame in looked_at}))
        & ~nw.col("ending").is_null()
    ).select("label_query", "stream", "index")
    ended = {(end["label_query"], end["stream"]): end["index"] for end in records(ends)}
    all_of, late = Counter[str](), Counter[str]()
    for frame in looked_at:
        end = ended.get((frame["label_query"], frame["stream"]))
        all_of[frame["kind"]] += 1
        behind = _is_late(scene, frame) if end is None else end < frame["index"]
        late[frame["kind"]] += behind
    return frozenset(kind for kind, times in all_of.items() if late[kind] > MOST * times)


def tool_events(scene: Scene, found: Found) -> Mechanism | None:
    """Nothing but the events of tools held another's: they went astray, or what they say did."""
    kinds = scene.foreign_kinds
    if not kinds or not scene.frames(found) or not all("tool" in kind for kind in kinds):
        return None
    only = f"of all kinds of events only {' and '.join(sorted(kinds))} held another's"
    uneven, queries = scene.once(_uneven_tools)
    if scene.own(found) and uneven < SOME * queries:
        return Mechanism(
            name="what a tool gave one is given to another",
            because=f"{only}, and of {queries} such answers {queries - uneven} have all events "
            "of their tools, each once: none went astray",
        )
    behind, cases = scene.once(_count_behind)
    if behind < ALMOST_ALL * cases:
        return None
    return Mechanism(
        name="one dispatcher of tools, whose events follow the run that came last",
        because=only,
    )


def _count_behind(scene: Scene) -> tuple[int, int]:
    """In how many cases the recipient had asked behind the victim, of how many."""
    known = scene.run.history.queries
    asked: dict[str, list[float]] = {}
    for query in known.values():
        asked.setdefault(query.principal, []).append(query.sent_s)
    astray = [(known[f["label_query"]], f) for f in scene.of_others if f["label_query"] in known]
    behind = sum(each.recipient.sent_s > each.victim.sent_s for each in scene.passings)
    behind += sum(
        any(victim.sent_s < sent_s <= frame["at_s"] for sent_s in asked.get(frame["principal"], ()))
        for victim, frame in astray
    )
    return behind, len(scene.passings) + len(astray)


def _uneven_tools(scene: Scene) -> tuple[int, int]:
    """In how many answers a tool's events are missing or do not go in pairs, of how many.

    Only those count between which words passed, and that came to an end.
    """
    told = scene.run.history.plan.dialect.tool
    kinds = {*told.begins, *told.ends} if told is not None else scene.foreign_kinds
    meant = {q.id for each in scene.passings for q in (each.victim, each.recipient) if q.done_s}
    events = scene.run.frames.filter(
        nw.col("query").is_in(sorted(meant)) & nw.col("kind").is_in(sorted(kinds))
    )
    counts: dict[str, Counter[bool]] = {}
    for each in records(events.group_by("query", "kind").agg(nw.len().alias("n"))):
        begins = told is not None and each["kind"] in told.begins
        counts.setdefault(each["query"], Counter())[begins] += int(each["n"])
    even = sum(told is None or each[True] == each[False] for each in counts.values())
    return len(meant) - even, len(meant)
