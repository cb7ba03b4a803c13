"""Fingerprints of users and sessions that were taken for others, by what they were told."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.dialects.events import dialect_of
from isolation_checks.dialects.reading import cautiously
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    LOOKED_AT,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
)
from isolation_checks.loading.run import Run, groups_of, records
from isolation_checks.records import PrincipalId, SessionId

SAME_SECONDS, LATE_SECONDS = 1.0, 0.25
"""Ids that are made from the clock in whole seconds are equal for no longer; how much later
than others some may come to be told."""
NEIGHBOURS, SAME = 0.2, 0.8
"""Ids that are told so soon one behind the other are the same, by the clock, in such a share of
cases; by counters of several workers they differ at least as often."""


def common_user(scene: Scene, found: Found) -> Mechanism | None:
    """Several users' sessions were told that they are one user, whom nobody is."""
    taken = scene.once(_taken)
    about = _sessions(scene, found)
    told = {taken.common[session] for session in about if session in taken.common}
    if sum(session in taken.common for session in about) < MOST * len(about):
        told = set()
    told |= _told_there(scene, found, frozenset(taken.common.values()))
    if not told:
        return None
    name = min(told)
    of_it = [session for session, said in taken.common.items() if said == name]
    who = {scene.run.history.sessions[session].principal for session in of_it}
    return Mechanism(
        name="callers are let in as one common user",
        because=(
            f"{len(of_it)} sessions of {len(who)} principals were told that they are {name!r}, "
            "whom none of them is, where others were told their own names"
        ),
    )


def taken_for_another(scene: Scene, found: Found) -> Mechanism | None:
    """A session was told all the time that it is another's, and was answered as its own."""
    taken = scene.once(_taken)
    about = [session for session in _sessions(scene, found) if session in taken.others]
    those = {scene.run.history.sessions[session].principal for session in about}
    if not {found.victim, found.recipient} & {*those, *map(taken.others.get, about)}:
        return None
    refreshed = scene.once(_count_refreshed)
    behind = (
        f"; {refreshed} of them opened when their user's token had just been exchanged"
        if refreshed >= MOST * len(taken.others)
        else ""
    )
    return Mechanism(
        name="a token is taken for another's",
        because=(
            f"in {len(taken.others)} sessions every frame that names a user names another than "
            f"whose token was shown, in answers to that one's own questions, too{behind}"
        ),
    )


def ids_by_the_clock(scene: Scene, found: Found) -> Mechanism | None:
    """Sessions have an id together that had come within the same second."""
    several = scene.once(_same_ids)
    if len(several) < SEVERAL:
        return None
    together = [group for group in several if group.within_s <= SAME_SECONDS + LATE_SECONDS]
    if len(together) < ALMOST_ALL * len(several):
        return None
    near, same = scene.once(_neighbours)
    if same < SAME * near:
        return None
    sharing = {session for group in together for session in group.sessions}
    if found.kind != "shared-session-id" and not (
        found.kind in _BY_SESSION and sharing & _probed(scene, found)
    ):
        return None
    return Mechanism(
        name="ids of sessions are made from the clock",
        because=(
            f"in {len(together)} of {len(several)} cases the sessions that had one id, up to "
            f"{max(len(group.sessions) for group in together)} of them, had all got it within "
            f"{max(group.within_s for group in together):.1f} s"
        ),
    )


_BY_SESSION = ("ended-login", "anothers-session")
"""What a platform does by the id of a session, it does to all that have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """Sessions that were told throughout that they are somebody else's than they are."""

    others: Mapping[SessionId, PrincipalId] = field(default_factory=dict)
    """By a principal of the run."""
    common: Mapping[SessionId, str] = field(default_factory=dict)
    """By a name that several were told, and none has."""


def _taken(scene: Scene) -> _Taken:
    run = scene.run
    own = (nw.col("label_owner") == nw.col("principal")).fill_null(value=False)
    asked = (nw.col("query_owner") == nw.col("principal")).fill_null(value=False)
    told = run.frames.with_columns(
        own=own.cast(nw.Int64),
        asked=asked.cast(nw.Int64),
        first=nw.when(~nw.col("query").is_null()).then(nw.col("index")),
    )
    sessions = records(
        told.group_by("session", "stream").agg(
            nw.col("own").sum(),
            nw.col("asked").sum(),
            nw.col("first").min(),
            nw.col("label_owner").min().alias("name"),
            nw.col("label_owner").max().alias("other"),
        ),
        "session",
    )
    if not any(each["own"] for each in sessions):
        return _Taken()  # nobody is told its own name: what the names mean nobody can say
    strange = [each for each in sessions if each["first"] is not None and not each["own"]]
    one = [each for each in strange if each["asked"] and each["name"] == each["other"] is not None]
    torn = sum(bool(each["name"] != each["other"]) for each in sessions)
    others: dict[SessionId, PrincipalId] = {}
    if len(one) >= ALMOST_ALL * (len(one) + torn):  # else labels change in mid-session
        echoed = {query.session for query in run.history.queries.values() if query.echoed}
        others = {each["session"]: each["name"] for each in one if each["session"] in echoed}
    return _Taken(others=others, common=_common(run, [s for s in strange if not s["name"]]))


def _common(run: Run, nameless: Iterable[Mapping[str, Any]]) -> dict[SessionId, str]:
    """Of sessions that are told no name that is known, those that are told the same as others'."""
    told: dict[str, dict[SessionId, PrincipalId]] = {}
    for group in groups_of([dict(each) for each in nameless], "stream"):
        of = {int(each["first"]): SessionId(each["session"]) for each in group[:LOOKED_AT]}
        names = _names(run, group[0]["stream"], of)
        for index, name in names.items():
            session = of[index]
            told.setdefault(name, {})[session] = run.history.sessions[session].principal
    return {
        session: name
        for name, sessions in told.items()
        if len(set(sessions.values())) > 1
        for session in sessions
    }


def _names(run: Run, stream: str, indexes: Iterable[int]) -> dict[int, str]:
    """What users frames name, in the platform's own words."""
    dialect = dialect_of(run.history.plan.dialect)
    contents = run.contents(stream, list(indexes))
    read = {
        index: cautiously(dialect, content.encode()).user for index, content in contents.items()
    }
    return {index: name for index, name in read.items() if name is not None}


def _told_there(scene: Scene, found: Found, names: frozenset[str]) -> frozenset[str]:
    """Which of these names the answers to a probe have in them."""
    if not names or not _probed(scene, found):
        return frozenset()
    said = [_names(scene.run, *places).values() for places in _places(found).items()]
    return names.intersection(itertools.chain.from_iterable(said))


def _sessions(scene: Scene, found: Found) -> list[SessionId]:
    """The sessions in which something was found, and those of the queries that it is about.

    Calls by HTTP are told nothing of whom they were taken for.
    """
    known, sessions = scene.run.history.queries, scene.run.history.sessions
    queries = {found.victim_query, found.recipient_query, *found.queries}
    about = {known[query].session for query in queries if query in known}
    about |= {SessionId(frame["session"]) for frame in scene.frames(found)}
    return sorted(s for s in about if s in sessions and sessions[s].channel == "websocket")


def _probed(scene: Scene, found: Found) -> frozenset[SessionId]:
    """The sessions of probes in which something was found."""
    return frozenset(
        SessionId(record["session"])
        for stream, indexes in _places(found).items()
        for record in records(
            scene.run.probed_frames.filter(
                (nw.col("stream") == stream) & nw.col("index").is_in(indexes)
            ).select("session")
        )
    )


def _places(found: Found) -> dict[str, list[int]]:
    """Where it was found, by stream, as far as is looked at."""
    streams: dict[str, list[int]] = {}
    for stream, index in found.places[:LOOKED_AT]:
        streams.setdefault(stream, []).append(index)
    return streams


REFRESHED_SECONDS = 5.0
"""A session as long as this behind an exchange of its user's token was opened with the new one."""


def _count_refreshed(scene: Scene) -> int:
    return sum(_behind_a_refresh(scene, session) for session in scene.once(_taken).others)


def _behind_a_refresh(scene: Scene, session: SessionId) -> bool:
    known = scene.run.history.sessions[session]
    return any(
        act.kind == "refresh"
        and known.principal in (act.principal, act.other)
        and known.opening_s is not None
        and 0 <= known.opening_s - act.at_s <= REFRESHED_SECONDS
        for act in scene.run.history.provocations
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Sessions that were told one id."""

    sessions: frozenset[SessionId]
    within_s: float
    """Between the first and the last time that it was told."""


def _same_ids(scene: Scene) -> list[_Group]:
    """The ids that sessions of several principals had, those of probes included."""
    groups = [
        group
        for group in groups_of(scene.once(_told_ids), "named_session")
        if len({record["principal"] for record in group}) > 1
    ]
    return [
        _Group(
            sessions=frozenset(SessionId(record["session"]) for record in group),
            within_s=max(r["at_s"] for r in group) - min(r["at_s"] for r in group),
        )
        for group in groups
    ]


def _neighbours(scene: Scene) -> tuple[int, int]:
    """How often one session was told its id right behind another, and how often the same."""
    first: dict[tuple[SessionId, str], float] = {}
    for record in scene.once(_told_ids):
        key = SessionId(record["session"]), record["named_session"]
        first[key] = min(record["at_s"], first.get(key, math.inf))
    told = sorted((at_s, name) for (_, name), at_s in first.items())
    near = [
        (one, other)
        for (at_s, one), (then_s, other) in itertools.pairwise(told)
        if then_s - at_s <= NEIGHBOURS
    ]
    return len(near), sum(one == other for one, other in near)


def _told_ids(scene: Scene) -> list[dict[str, Any]]:
    """What sessions were told that they are called, when, and whose they are."""
    return [
        record
        for relation in (scene.run.frames, scene.run.probed_frames)
        for record in records(
            relation.filter(~nw.col("named_session").is_null()).select(
                "named_session", "session", "principal", "at_s"
            )
        )
    ]
