"""Which phases of two users' sessions and queries really met: what the run interleaved.

It counts what happened at the same time, on clocks that compare; what follows from
that is for the verdict to say.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from isolation_checks.loading.history import History, Query, Session
from isolation_checks.loading.overlap import Times, clocks, meeting
from isolation_checks.records import NEVER_SENT, PrincipalId, ProcessId, SessionId
from isolation_checks.verdicts.progress import Coverage, Met

CONNECTING, WAITING, STREAMING, IDLE = "connecting", "waiting", "streaming", "idle"
PHASES = (CONNECTING, WAITING, STREAMING, IDLE)
NOTHING_PASSES = frozenset({(CONNECTING, IDLE), (IDLE, IDLE)})
"""Pairs in which neither user has an answer under way that could stray."""
_Stretch = tuple[str, PrincipalId, float, float]
"""A phase, whose it was, from when, until when."""


def of(history: History, circle: Callable[[PrincipalId], str]) -> Coverage:
    """How often each phase of one user met each phase of a stranger's.

    Strangers are principals of different circles, who share no answers.
    """
    clock = clocks(history)
    groups: dict[str, dict[str, list[_Stretch]]] = {}
    for process, stretch in _stretches(history):
        phases = groups.setdefault(clock[process], {phase: [] for phase in PHASES})
        phases[stretch[0]].append(stretch)
    met = tuple(
        Met(
            one=one,
            other=other,
            times=sum(_met(group[one], group[other], circle) for group in groups.values())
            // (2 if one == other else 1),
        )
        for one, other in itertools.combinations_with_replacement(PHASES, 2)
    )
    return Coverage(phases=PHASES, met=met)


def unseen(coverage: Coverage) -> str:
    """The pairs of phases that never met though something could have strayed; empty: none."""
    empty = [
        f"{cell.one} and {cell.other}"
        for cell in coverage.met
        if not cell.times and (cell.one, cell.other) not in NOTHING_PASSES
    ]
    return f"no two users ever met while {', '.join(empty)}" if empty else ""


def _stretches(history: History) -> Iterator[tuple[ProcessId, _Stretch]]:
    asked: dict[SessionId, list[Query]] = {}
    for query in history.queries.values():
        if query.reason not in NEVER_SENT:
            asked.setdefault(query.session, []).append(query)
    end_s = _end(history)
    for session in history.sessions.values():
        if session.channel == "websocket":
            for stretch in _session(session, asked.get(session.id, []), end_s):
                yield session.process, stretch
    for query in itertools.chain.from_iterable(asked.values()):
        for stretch in _query(query):
            yield query.process, stretch


def _session(session: Session, asked: list[Query], end_s: float) -> Iterator[_Stretch]:
    who = session.principal
    closed_s = end_s if session.closed_s is None else session.closed_s
    if session.opening_s is not None:
        until_s = closed_s if session.ready_s is None else session.ready_s
        yield CONNECTING, who, session.opening_s, until_s
    if session.ready_s is None:
        return
    free_s = session.ready_s
    for query in sorted(asked, key=lambda query: query.sent_s):
        if query.sent_s > free_s:
            yield IDLE, who, free_s, query.sent_s
        free_s = max(free_s, query.sent_s if query.over_s is None else query.over_s)
    if closed_s > free_s:
        yield IDLE, who, free_s, closed_s


def _query(query: Query) -> Iterator[_Stretch]:
    over_s = query.sent_s if query.over_s is None else query.over_s
    first_s = over_s if query.first_s is None else query.first_s
    yield WAITING, query.principal, query.sent_s, first_s
    if query.first_s is not None:
        yield STREAMING, query.principal, first_s, max(first_s, over_s)


def _end(history: History) -> float:
    """The last moment of which anything is known."""
    ends = [query.over_s for query in history.queries.values()]
    ends += [session.closed_s for session in history.sessions.values()]
    ends += [second.at_s for second in history.health]
    return max((end for end in ends if end is not None), default=0.0)


def _met(ones: list[_Stretch], others: list[_Stretch], circle: Callable[[PrincipalId], str]) -> int:
    """How many pairs of stretches of strangers touch."""
    if not ones or not others:
        return 0
    own, theirs = _by_circle(ones, circle), _by_circle(others, circle)
    times = int(meeting(*_ends(ones), *_ends(others)).sum())
    for name in own.keys() & theirs.keys():
        times -= int(meeting(*_ends(own[name]), *_ends(theirs[name])).sum())
    return times


def _by_circle(
    stretches: Iterable[_Stretch], circle: Callable[[PrincipalId], str]
) -> dict[str, list[_Stretch]]:
    found: dict[str, list[_Stretch]] = {}
    for stretch in stretches:
        found.setdefault(circle(stretch[1]), []).append(stretch)
    return found


def _ends(stretches: list[_Stretch]) -> tuple[Times, Times]:
    return np.array([s[2] for s in stretches]), np.array([s[3] for s in stretches])
