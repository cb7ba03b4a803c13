"""What a history measured, a sample at a time: whose it is, when it was due, what it took.

Pure functions of a history; what is asked of the samples is `objectives.limits`' affair.
Times are seconds, those of the day seconds since the run began.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

import narwhals.stable.v2 as nw

from isolation_checks.loading.history import History, Query, Session
from isolation_checks.loading.run import CONTROL, Run
from isolation_checks.plan.indicators import Name
from isolation_checks.plan.tables.objectives import Cohort
from isolation_checks.records import Ending, PrincipalId, ProcessId, QueryId, Reason

OURS = (Reason.NOT_SENT, Reason.GIVEN_UP)
"""Ends that we made ourselves: how long such a query took says nothing of the platform."""
APART = (Reason.RUN_ENDED, Reason.NOT_SENT, Reason.NOT_IN_TIME, Reason.GIVEN_UP)
"""Ends that are no errors, and no answers either."""


class Sample(NamedTuple):
    """One duration."""

    due_s: float
    took_s: float
    """From due; of what never finished, as far as it had got."""
    certain_s: float
    """What of that was certainly the platform's doing: without our own lateness."""
    finished: bool
    principal: PrincipalId
    kind: str | None = None
    """The query's kind; None for a session's."""
    query: QueryId | None = None
    """Which query it is of; None for a session's."""


class Step(NamedTuple):
    """What lies between an event of an answer and the one before it."""

    behind: str
    before: str
    begun_s: float
    ended_s: float


class Ended(NamedTuple):
    """How one query ended, and when it was due and over."""

    due_s: float
    done_s: float | None
    """When it was answered well."""
    wrong: bool
    unsure: bool
    """Frames came meanwhile that could not be tied to any query: nobody can say."""
    principal: PrincipalId
    kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The samples of one indicator, and how many were counted apart."""

    all: tuple[Sample, ...]
    apart: int = 0


def completions(history: History, unsure: Collection[QueryId]) -> Samples:
    """From due to the event that ended the answer well."""

    def done(query: Query) -> float | None:
        return query.done_s if query.ending is Ending.OK else None

    return Samples(all=tuple(_of_queries(history, unsure, done)))


def first_events(history: History, unsure: Collection[QueryId]) -> Samples:
    """From due to the first event of the query."""
    return Samples(all=tuple(_of_queries(history, unsure, lambda query: query.first_s)))


def connects(history: History, unsure: Collection[QueryId] = ()) -> Samples:  # noqa: ARG001 - all sources are called alike
    """From due to ready."""
    return _of_sessions(history, "connect", lambda session: session.due_s)


def authentications(history: History, unsure: Collection[QueryId] = ()) -> Samples:  # noqa: ARG001 - all sources are called alike
    """From the upgrade to ready, of sessions that were upgraded."""
    return _of_sessions(history, "authenticated", lambda session: session.upgraded_s)


def endings(history: History, unsure: Collection[QueryId]) -> tuple[list[Ended], int]:
    """How the queries ended that were sent and not cut off; and how many others there were."""
    ended, apart = [], 0
    for query in counted(history):
        if query.reason in APART or not query.ending:
            apart += 1
            continue
        ended.append(
            Ended(
                due_s=query.due_s,
                done_s=query.done_s if query.ending is Ending.OK else None,
                wrong=query.ending is not Ending.OK,
                unsure=query.id in unsure,
                principal=query.principal,
                kind=query.kind,
            )
        )
    return ended, apart


def gaps(run: Run, unsure: Collection[QueryId]) -> Samples:
    """Between one event of an answer and the next, and from the last to where it broke off."""
    samples: list[Sample] = []
    for query, events in _events(run):
        since = None
        for event in events:
            if since is not None:
                took = event.at_s - since
                certain = max(0.0, took - event.late_s)
                samples.append(_sample(query, took, certain, finished=True))
            since = event.at_s
        if since is not None and _unfinished(query):
            took = 0.0 if query.id in unsure else max(0.0, (query.over_s or since) - since)
            samples.append(_sample(query, took, took, finished=False))
    return Samples(all=tuple(samples))


def tool_calls(run: Run, unsure: Collection[QueryId]) -> Samples:
    """From the event that a tool begins to the next one that a tool is over, in their order."""
    tool = run.history.plan.dialect.tool
    assert tool is not None  # the plan was refused otherwise
    samples: list[Sample] = []
    for query, events in _events(run):
        begun: list[float] = []
        for event in events:
            if event.kind in tool.begins:
                begun.append(event.at_s)
            elif event.kind in tool.ends and begun:
                took = event.at_s - begun.pop(0)
                samples.append(_sample(query, took, max(0.0, took - event.late_s), finished=True))
        if begun and _unfinished(query):
            for since in begun:
                took = 0.0 if query.id in unsure else max(0.0, (query.over_s or since) - since)
                samples.append(_sample(query, took, took, finished=False))
    return Samples(all=tuple(samples))


def steps(run: Run) -> Iterator[tuple[Query, list[Step]]]:
    """Every query with what lies between sent and its first event, and between its events."""
    for query, events in _events(run):
        places = [("the question", query.sent_s)]
        places += [(event.kind or "an event", event.at_s) for event in events]
        if _unfinished(query) and query.over_s is not None:
            places.append(("the time-out", query.over_s))
        yield (
            query,
            [
                Step(behind, before, begun_s, ended_s)
                for (behind, begun_s), (before, ended_s) in itertools.pairwise(places)
            ],
        )


FROM_HISTORY: Mapping[Name, Callable[[History, Collection[QueryId]], Samples]] = {
    "connect": connects,
    "authenticated": authentications,
    "first_event": first_events,
    "completion": completions,
}
"""What can be told without reading a frame, while a run goes on."""


def belonging(history: History, cohort: Cohort | None) -> Callable[[Sample | Ended], bool]:
    """Whether a sample is of a cohort."""
    if cohort is None:
        return lambda _: True
    members = {
        principal.id
        for principal in history.principals.values()
        if cohort.tenant in (None, principal.tenant) and cohort.role in (None, principal.role)
    }
    everyone = cohort.tenant is None and cohort.role is None
    phase = (cohort.phase.least, cohort.phase.most) if cohort.phase else (-math.inf, math.inf)

    def belongs(sample: Sample | Ended) -> bool:
        return (
            (everyone or sample.principal in members)
            and cohort.kind in (None, sample.kind)
            and phase[0] <= sample.due_s < phase[1]
        )

    return belongs


def counted(history: History) -> Iterator[Query]:
    """The queries that objectives are about: not those that we cut off or made fail on purpose."""
    return (query for query in history.queries.values() if not query.provoked)


def waited(query: Query, unsure: Collection[QueryId]) -> float:
    """How long an unfinished query certainly took.

    Nothing is certain where its answer may be among frames that could not be tied to any.
    """
    if query.id in unsure or query.reason == Reason.NOT_IN_TIME:
        return 0.0
    return (query.over_s if query.over_s is not None else query.sent_s) - query.due_s


def _of_queries(
    history: History, unsure: Collection[QueryId], ended: Callable[[Query], float | None]
) -> Iterator[Sample]:
    for query in counted(history):
        lag = max(0.0, query.sent_s - query.due_s)
        end_s = ended(query)
        if end_s is not None:
            took = end_s - query.due_s
            yield _sample(query, took, took - lag, finished=True)
        elif query.ending is not Ending.FAIL and query.reason not in OURS:
            took = waited(query, unsure)
            yield _sample(query, took, max(0.0, took - lag), finished=False)


def _of_sessions(
    history: History, indicator: Name, begun: Callable[[Session], float | None]
) -> Samples:
    """A session that failed counts as longer than it lasted.

    One that was opening when the run ended, or that we gave up, counts only if it had already
    taken longer than the limit.  Those that we made everybody open at once are counted apart.
    """
    limits = [float(o.limit) for o in history.plan.objectives if o.indicator == indicator]
    ends = _ends(history)
    samples, apart = [], 0
    for session in history.sessions.values():
        from_s = begun(session)
        if session.channel != "websocket" or session.due_s is None or from_s is None:
            continue
        if session.cut:
            apart += 1
            continue
        over_s = session.closed_s if session.closed_s is not None else ends[session.process]
        if session.storm:
            apart += 1
            continue
        finished = session.ready_s is not None
        took = (over_s if session.ready_s is None else session.ready_s) - from_s
        if not finished and session.failed is None and took <= min(limits, default=0.0):
            apart += 1
            continue
        samples.append(Sample(session.due_s, took, took, finished, session.principal))
    return Samples(all=tuple(samples), apart=apart)


def _ends(history: History) -> dict[ProcessId, float]:
    """The last moment of which each process wrote anything down."""
    ends = {process.id: -math.inf for process in history.processes}
    for session in history.sessions.values():
        for at_s in (session.opening_s, session.ready_s, session.closed_s):
            if at_s is not None:
                ends[session.process] = max(at_s, ends[session.process])
    for second in history.health:
        ends[second.process] = max(second.at_s, ends[second.process])
    return ends


def _sample(query: Query, took_s: float, certain_s: float, *, finished: bool) -> Sample:
    return Sample(query.due_s, took_s, certain_s, finished, query.principal, query.kind, query.id)


def _unfinished(query: Query) -> bool:
    ended = query.ending in (Ending.OK, Ending.FAIL)
    return not ended and query.reason not in OURS


class _Event(NamedTuple):
    at_s: float
    late_s: float
    kind: str | None


def _events(run: Run) -> Iterator[tuple[Query, list[_Event]]]:
    """Every query with the events of its answer, in the order in which they came.

    Platforms that repeat no id of ours name no query: their events have a place all the same.
    """
    placed = run.frames.filter(
        ~nw.col("opcode").is_in(CONTROL)
        & (nw.col("channel") == "frame")
        & ~nw.col("query").is_null()
        & (nw.col("query_owner").is_null() | (nw.col("query_owner") == nw.col("principal")))
    ).select("query", "at_s", "late_s", "kind", "index")
    table = placed.sort("query", "at_s", "index").collect().to_arrow()
    columns = (table.column(name).to_pylist() for name in ("query", "at_s", "late_s", "kind"))
    for name, group in itertools.groupby(zip(*columns, strict=True), key=itemgetter(0)):
        query = run.history.queries.get(QueryId(name))
        if query is None or query.provoked:
            continue
        over = math.inf if query.over_s is None else query.over_s
        yield (
            query,
            [_Event(at_s, late or 0.0, kind) for _, at_s, late, kind in group if at_s <= over],
        )
