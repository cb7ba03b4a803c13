"""A fingerprint of what a session holds that somebody else's had left in it."""

from __future__ import annotations

from typing import Any

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.newest import Place
from isolation_checks.judging.fingerprints.routing import SOON_SECONDS
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
)


def given_with_a_session(scene: Scene, found: Found) -> Mechanism | None:
    """What was not for whoever got it came right behind the resumption of its own session.

    Where nearly everybody resumes, that tells nothing.
    """
    astray = scene.once(_astray)
    if not any((frame["stream"], frame["index"]) in astray for frame in scene.frames(found)):
        return None
    behind, resumed, sessions = scene.once(_count_behind_resumptions)
    if behind < max(SEVERAL, ALMOST_ALL * len(astray)) or resumed > MOST * sessions:
        return None
    return Mechanism(
        name="a session that is taken up again gives what was another's",
        because=(
            f"{behind} of {len(astray)} frames with what was others' came within "
            f"{SOON_SECONDS:.0f} s of their recipient's taking up its own session again, as "
            f"{resumed} of {sessions} sessions were"
        ),
    )


def _astray(scene: Scene) -> dict[Place, dict[str, Any]]:
    """The frames that are about others' queries or hold others' words."""
    frames = (*scene.of_others, *scene.worded)
    return {(frame["stream"], frame["index"]): frame for frame in frames}


def _count_behind_resumptions(scene: Scene) -> tuple[int, int, int]:
    """How many of these came with a resumed session, and of how many sessions how many were."""
    sessions = scene.run.history.sessions
    behind = 0
    for frame in scene.once(_astray).values():
        got = sessions.get(frame["session"])
        back_s = got.came_s if got is not None and got.resumes is not None else None
        behind += back_s is not None and frame["at_s"] <= back_s + SOON_SECONDS
    return behind, sum(each.resumes is not None for each in sessions.values()), len(sessions)
