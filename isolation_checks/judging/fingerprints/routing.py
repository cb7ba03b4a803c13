"""Fingerprints of frames that went to one other than they were made for."""

from __future__ import annotations

from typing import Any

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    MOST,
    Mechanism,
    Scene,
    of_another,
    owner_of,
    telling,
)
from isolation_checks.judging.fingerprints.several import count_twice

READ = "a read by id alone, without a check of the owner"
TWICE = 2
"""So many times what would be by chance is no coincidence."""
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
