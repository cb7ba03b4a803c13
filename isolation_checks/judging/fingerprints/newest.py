"""Who had connected last when a frame went astray, and how many would be by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from isolation_checks.loading.run import Run

TOGETHER = 0.1
"""Of sessions that connect within so many seconds nobody outside can say which was the last."""
WORKERS = 2
"""Each worker of a platform has a newest session of its own; so many are common."""
_ALMOST = 0.05
"""A platform may count a session as connected a little before it says so."""
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """Of so many frames of others' queries, those that went to whoever had connected last."""

    seen: int = 0
    hits: int = 0
    """They went to the last, or to the last but one: two workers have a newest each."""
    usual: float = 0.0
    """The share that would by chance, of the sessions that were open then."""
    last: int = 0
    """They went to the last of all."""
    by_chance: float = 0.0
    """As many would have gone to the last of all by chance."""
    after_s: float | None = None
    """How long after its recipient's connect the first of them came."""


def newest_of(
    run: Run, frames: Sequence[dict[str, Any]], astray: Callable[[dict[str, Any]], bool]
) -> tuple[Newest, frozenset[Place]]:
    """How many frames of others' queries went to whoever had connected last.

    And which frames of all did.
    """
    sessions = run.history.sessions.values()
    ready = sorted(
        (session.came_s, session.id, session.closed_s)
        for session in sessions
        if session.came_s is not None and session.channel == "websocket"
    )
    first, places = None, set()
    seen, hits, usual, last, by_chance = 0, 0, 0.0, 0, 0.0
    for frame in frames:
        before = [each for each in ready if each[0] <= frame["at_s"]]
        newest = {identity for at_s, identity, _ in before if before[-1][0] - at_s <= TOGETHER}
        newest |= {identity for at_s, identity, _ in ready if 0 < at_s - frame["at_s"] <= _ALMOST}
        few = newest | {identity for _, identity, _ in before[-WORKERS:]}
        if frame["session"] in few:
            places.add((frame["stream"], frame["index"]))
        if not astray(frame):
            continue
        there = [i for _, i, closed_s in before if closed_s is None or closed_s > frame["at_s"]]
        seen += 1
        usual += len(few.intersection(there)) / max(1, len(there))
        by_chance += len(newest.intersection(there)) / max(1, len(there))
        last += frame["session"] in newest
        if frame["session"] in few:
            hits += 1
            own = next(at_s for at_s, identity, _ in ready if identity == frame["session"])
            first = frame["at_s"] - own if first is None else first
    return Newest(
        seen=seen,
        hits=hits,
        usual=usual / max(1, seen),
        last=last,
        by_chance=by_chance,
        after_s=first,
    ), frozenset(places)
