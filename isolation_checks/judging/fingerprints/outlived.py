"""A fingerprint of who goes on hearing when its own query is over."""

from __future__ import annotations

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    SEVERAL,
    Mechanism,
    Scene,
    of_another,
    over,
)
from isolation_checks.records import Ending, SessionId

FEW = 0.25
"""The share of sessions at which it says nothing that they are those that were hit."""
GOES_ON_S = 4.0
"""So long a session was open behind its query to go on with others: longer than a drain."""
ENOUGH = 3 * SEVERAL
"""So many frames, of sessions that are few, went to them for a reason."""


def goes_on_listening(scene: Scene, found: Found) -> Mechanism | None:
    """What is no answer to whoever got it came to sessions of which a query had broken off.

    Few sessions are such, and nearly everything that went astray went to them.
    """
    strays = [frame for frame in scene.frames(found) if _astray(frame)]
    astray, behind, listening, everybody = scene.once(_count_listening)
    if not strays or astray < ENOUGH or behind < ALMOST_ALL * astray:
        return None
    if listening > FEW * everybody:
        return None
    return Mechanism(
        name="a subscription that outlives the query it was made for",
        because=(
            f"{behind} of {astray} frames that went astray came to sessions of which a query had "
            f"been cut off before, and that went on, as {listening} of {everybody} sessions did"
        ),
    )


def _astray(frame: dict[str, object]) -> bool:
    """Whether a frame is no answer to whoever got it."""
    return frame["query"] is None or bool(of_another(frame))


def _count_listening(scene: Scene) -> tuple[int, int, int, int]:
    """Of how many frames that went astray how many came behind a query that was cut off.

    And of how many sessions that asked anything how many had such a query, and went on.
    """
    sessions, cut = scene.run.history.sessions, dict[SessionId, float]()
    asked = set()
    for query in scene.run.history.queries.values():
        asked.add(query.session)
        known, at_s = sessions.get(query.session), over(query)
        if query.ending in (None, Ending.OK) or known is None:
            continue
        if known.closed_s is None or known.closed_s > at_s + GOES_ON_S:
            cut[query.session] = min(at_s, cut.get(query.session, at_s))
    strays = [frame for frame in scene.all_frames if _astray(frame)]
    behind = sum(cut.get(frame["session"], frame["at_s"]) < frame["at_s"] for frame in strays)
    return len(strays), behind, len(cut), len(asked)
