"""How a run went, slice by slice of its time: load, rate, durations, and when bleeding began.

It aggregates what the history holds, for the figures, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from isolation_checks.checks.check import Check, Outcome
from isolation_checks.loading.history import History, Query, Session
from isolation_checks.loading.overlap import Times, meeting
from isolation_checks.loading.resources import Series
from isolation_checks.records import Ending, Reason
from isolation_checks.verdicts.progress import Heat, Resource, Slice, Timeline

SLICES = 60
"""How many slices there are at most."""
LENGTHS_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0)
PER_DECADE = 6
"""Steps of the heat map's durations in a factor of ten."""
_OURS = (Reason.GIVEN_UP, Reason.NOT_SENT, Reason.RUN_ENDED)
"""Ends that we made ourselves."""


def of(history: History, outcomes: Iterable[tuple[Check, Outcome]]) -> Timeline | None:
    """The run's slices; None where nothing was asked.

    An answer is good that was within the plan's limit for a whole answer, where it has one.
    """
    limits = [float(o.limit) for o in history.plan.objectives if o.indicator == "completion"]
    limit_s = min(limits, default=None)
    queries = [query for query in history.queries.values() if query.reason != Reason.NOT_SENT]
    sessions = [
        session
        for session in history.sessions.values()
        if session.channel == "websocket" and session.ready_s is not None
    ]
    if not queries:
        return None
    ends = [query.over_s for query in queries if query.over_s is not None]
    last = max([*ends, *(query.sent_s for query in queries)])
    length = next((each for each in LENGTHS_S if last / each <= SLICES), LENGTHS_S[-1])
    number = int(last // length) + 1
    found = [
        each.first_s
        for check, outcome in outcomes
        if check.part == "isolation"
        for each in outcome.found
        if each.first_s is not None
    ]
    starts = np.arange(number, dtype=np.float64) * length
    return Timeline(
        slice_s=length,
        limit_s=limit_s,
        slices=tuple(
            _slice_of(float(start), int(count), new, own, limit_s)
            for start, count, new, own in zip(
                starts,
                _open(sessions, starts, length),
                _in_slices(found, length, number),
                _over(queries, length, number),
                strict=True,
            )
        ),
        resources=tuple(_resource(each, starts, length) for each in history.resources.series),
    )


def heat(history: History, timeline: Timeline | None) -> Heat | None:
    """How many answers of each slice took how long; None where none came.

    A query stands in the slice in which it was due, so that one that hangs is seen from there on.
    """
    queries = [query for query in history.queries.values() if query.reason not in _OURS]
    took = [(q.due_s, q.done_s - q.due_s) for q in queries if q.done_s is not None]
    if timeline is None or not took:
        return None
    low, high = (f([max(each, 1e-4) for _, each in took]) for f in (min, max))
    first = int(np.floor(np.log10(low) * PER_DECADE))
    last = max(int(np.ceil(np.log10(high) * PER_DECADE + 1e-9)), first + 1)
    edges = np.power(10.0, np.arange(first, last + 1) / PER_DECADE)
    number, length = len(timeline.slices), timeline.slice_s
    counts = np.zeros((number, len(edges) - 1), dtype=np.int64)
    for due_s, took_s in took:
        step = int(np.searchsorted(edges, max(took_s, 1e-4), side="right")) - 1
        counts[_slice(due_s, length, number), min(max(step, 0), len(edges) - 2)] += 1
    unfinished = [q.due_s for q in queries if q.done_s is None]
    return Heat(
        phase="completion",
        edges_s=tuple(float(f"{edge:.6g}") for edge in edges),
        counts=tuple(tuple(row) for row in counts.tolist()),
        unfinished=tuple(_in_slices(unfinished, length, number)),
    )


def _slice_of(
    from_s: float, sessions: int, found: int, over: Sequence[Query], limit_s: float | None
) -> Slice:
    """A slice with what became of the queries that were over in it."""
    took = [q.done_s - q.due_s for q in over if q.ending is Ending.OK and q.done_s is not None]
    p50, p95 = np.quantile(took, [0.5, 0.95]).tolist() if took else (None, None)
    return Slice(
        from_s=from_s,
        sessions=sessions,
        answered=len(took),
        good=len(took) if limit_s is None else sum(each <= limit_s for each in took),
        unanswered=sum(
            q.ending is not Ending.OK and q.reason not in _OURS and not q.provoked for q in over
        ),
        p50_s=p50,
        p95_s=p95,
        found=found,
    )


def _resource(series: Series, starts: Times, length: float) -> Resource:
    """How much of it was in use in each slice."""
    return Resource(
        source=series.source,
        resource=series.resource,
        unit=series.unit,
        most=series.most,
        levels=tuple(series.mean(start, start + length) for start in starts.tolist()),
    )


def _open(sessions: Sequence[Session], starts: Times, length: float) -> list[int]:
    """How many sessions were open at the middle of each slice."""
    begun = np.array([s.ready_s for s in sessions], dtype=float)
    ended = np.array([np.inf if s.closed_s is None else s.closed_s for s in sessions], dtype=float)
    middle = starts + length / 2
    counts: list[int] = meeting(begun, ended, middle, middle).tolist()
    return counts


def _over(queries: Sequence[Query], length: float, number: int) -> list[list[Query]]:
    slices: list[list[Query]] = [[] for _ in range(number)]
    for query in queries:
        if query.over_s is not None:
            slices[_slice(query.over_s, length, number)].append(query)
    return slices


def _in_slices(moments: Sequence[float], length: float, number: int) -> list[int]:
    places = [_slice(at_s, length, number) for at_s in moments]
    counts: list[int] = np.bincount(np.array(places, dtype=np.int64), minlength=number).tolist()
    return counts


def _slice(at_s: float, length: float, number: int) -> int:
    return min(max(int(at_s // length), 0), number - 1)
