"""Who had connected last when a frame went astray, and how many would be by chance.

By chance a frame goes to any session that is there, but for its owner's: it would not be astray.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from isolation_checks.loading.run import Run
from isolation_checks.statistics import bounds

TOGETHER = 0.1
"""Of sessions that connect within so many seconds nobody outside can say which was the last."""
WORKERS = 2
"""Each worker of a platform has a newest session of its own; so many are common."""
SELDOM = 0.05
"""What chance alone does no more often than this is no coincidence."""
_ALMOST = 0.05
"""A platform may count a session as connected a little before it says so."""
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """Of so many frames of others' queries, those that went to whoever had connected last."""

    seen: int = 0
    answers: int = 0
    """The frames of one answer that reached one session are one case."""
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

    @property
    def by_coincidence(self) -> bool:
        """Whether chance may well have brought them there: of few sessions, or few answers."""
        likely = (
            coincidence(self.hits, self.seen, self.answers, self.usual),
            coincidence(self.last, self.seen, self.answers, self.by_chance / max(1, self.seen)),
        )
        return min(likely) > SELDOM


def coincidence(hits: int, frames: int, answers: int, usual: float) -> float:
    """The probability of so many hits of so many frames, which are those of a few answers."""
    return bounds.so_many(hits * answers // max(1, frames), answers, min(1.0, usual))


def answers_of(frames: Iterable[dict[str, Any]]) -> int:
    """How many answers, or words without one, reached how many sessions with these frames."""
    return len({(frame["label_query"], frame["session"]) for frame in frames})


def newest_of(
    run: Run, frames: Sequence[dict[str, Any]], owner_of: Callable[[dict[str, Any]], str | None]
) -> tuple[Newest, frozenset[Place]]:
    """How many frames of others' queries went to whoever had connected last.

    And which frames of all did.
    """
    sessions = run.history.sessions.values()
    ready = sorted(
        (session.came_s, session.id, session.closed_s, session.principal)
        for session in sessions
        if session.came_s is not None and session.channel == "websocket"
    )
    first, places = None, set()
    astray: list[dict[str, Any]] = []
    hits, usual, last, by_chance = 0, 0.0, 0, 0.0
    for frame in frames:
        before = [each for each in ready if each[0] <= frame["at_s"]]
        newest = {identity for at_s, identity, *_ in before if before[-1][0] - at_s <= TOGETHER}
        newest |= {identity for at_s, identity, *_ in ready if 0 < at_s - frame["at_s"] <= _ALMOST}
        few = newest | {identity for _, identity, *_ in before[-WORKERS:]}
        if frame["session"] in few:
            places.add((frame["stream"], frame["index"]))
        owner = owner_of(frame)
        if owner in {None, frame["principal"]}:
            continue
        there = [
            identity
            for _, identity, closed_s, who in before
            if who != owner and (closed_s is None or closed_s > frame["at_s"])
        ]
        astray.append(frame)
        usual += len(few.intersection(there)) / max(1, len(there))
        by_chance += len(newest.intersection(there)) / max(1, len(there))
        last += frame["session"] in newest
        if frame["session"] in few:
            hits += 1
            own = next(at_s for at_s, identity, *_ in ready if identity == frame["session"])
            first = frame["at_s"] - own if first is None else first
    return Newest(
        seen=len(astray),
        answers=answers_of(astray),
        hits=hits,
        usual=usual / max(1, len(astray)),
        last=last,
        by_chance=by_chance,
        after_s=first,
    ), frozenset(places)
