"""Fingerprints of what reached somebody else beside whoever asked."""

from __future__ import annotations

from typing import Any

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    LOOKED_AT_IN_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
)
from isolation_checks.records import PrincipalId


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
