"""Whether every answer shows the events that were promised, once each and in order."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import unplaced, witness
from isolation_checks.checks.check import Found, Outcome, check, needs_protocol
from isolation_checks.dialects.correlate import By
from isolation_checks.loading import overlap
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, records
from isolation_checks.plan.tables.dialect import Dialect
from isolation_checks.records import Ending, Kind, PrincipalId, QueryId, Reason, SessionId
from isolation_checks.verdicts.finding import Moment, Place
from isolation_checks.verdicts.lattice import Verdict

_Seen = dict[str, dict[str, Any]]


@check(
    asks="Does every answer show its events, each once, in order, and nothing after the end?",
    part="objectives",
    not_asked=needs_protocol,
)
def event_protocol(run: Run) -> Outcome:
    """The dialect's events come for every query, in its order; only repeats come again.

    After the end that the platform itself gave a query, good or bad, nothing of it comes.
    A query that timed out while its session stayed open has no end: that is certain on
    the wire.  One that was cut off by a lost session or by the run's end is never blamed,
    nor is one of which an event may be among frames that could not be tied to any query (where
    another of its own conversation was open, as twins are asked, an answer that had its end is
    not examined), or that got its events by being the only one of its session while its user
    had another open: a platform may send a user's answers to all of the user's sockets.
    What was still to come when a session was lost and resumed is held against a platform only
    where the plan says that every event comes once over both connections, and the platform gave
    the session back.

    Catches:  lost_terminal, silent_swallow, hung_agent, out_of_order, duplicate_emitter,
              late_frames, wrong_routing_key.
    Blind to: the order of events that may repeat, after the first of each.
    """
    seen, unsure, given_back = _seen(run), unplaced.unsure(run), _given_back(run)
    whole = {process.id for process in run.history.processes if not process.gaps}
    late, tabs = _left_behind(run), overlap.in_two_sessions(run.history)
    beside = overlap.in_one_conversation(run.history) & unsure & seen.keys()
    doubted, either = set[QueryId](), set[QueryId]()
    faults: dict[tuple[str, PrincipalId], list[tuple[Query, str, dict[str, Any] | None]]] = {}
    vague = unplaced.failed_by_chance(run)
    lost = _lost(run)
    ended = [q for q in run.history.queries.values() if _judgeable(run, q, given_back, lost)]
    judged = [query for query in ended if query.process in whole]
    for query in judged:
        events = seen.get(query.id, {})
        guessed = any(record["guessed"] for record in events.values())
        haunted = guessed and late.get(query.session, math.inf) <= query.sent_s
        double = query.id in vague or (guessed and query.id in tabs)
        for kind, what, record in _faults(run, query, events):
            if kind == "missing-event" and query.id in beside:  # it had its end
                either.add(query.id)
            elif double or (query.id in unsure if kind in _MISSING else haunted):
                doubted.add(query.id)
            else:
                faults.setdefault((kind, query.principal), []).append((query, what, record))
    note = unplaced.note(len(doubted), concurrent=run.history.plan.workload.concurrent)
    if len(judged) < len(ended):
        note = note or "part of the history is missing"
    return Outcome(
        examined=len(judged) - len(either),
        unit="queries",
        found=tuple(_found(run, kind, cases) for (kind, _), cases in faults.items()),
        verdict=Verdict.UNKNOWN if note and not faults else None,
        note=note or ("" if judged else "no query was answered or timed out"),
        blind=_unseen(len(either)),
    )


def _unseen(queries: int) -> tuple[str, ...]:
    """What to say of queries whose events may be another's of their own conversation."""
    said = (
        f"whether {queries} answers were whole: another question of their conversation was open, "
        "and events that name the conversation alone could be of either"
    )
    return (said,) if queries else ()


_MISSING = frozenset(("no-answer", "no-end", "missing-event"))


def _given_back(run: Run) -> frozenset[SessionId]:
    """The sessions whose connections were lost, and that the platform gave back for certain."""
    resume = run.history.plan.dialect.resume
    if resume is None or not resume.once:
        return frozenset()
    said = run.frames.filter(nw.col("kind").is_in(resume.accepted)).select("session").unique()
    new = (run.history.sessions[SessionId(record["session"])] for record in records(said))
    return frozenset(session.resumes for session in new if session.resumes is not None)


def _judgeable(
    run: Run, query: Query, given_back: Collection[SessionId], lost: Mapping[SessionId, float]
) -> bool:
    outlived = query.over_s is None or query.over_s > lost.get(query.session, math.inf)
    if outlived and query.kind == Kind.RESUMED and query.session not in given_back:
        return False
    if query.ending is Ending.OK or query.reason == Reason.TIMEOUT:
        return True
    return query.reason in run.history.plan.dialect.ends


def _lost(run: Run) -> dict[SessionId, float]:
    """For every session, when its connection was over at the latest, or was taken up by another."""
    sessions = run.history.sessions.values()
    lost = {each.id: math.inf if each.closed_s is None else each.closed_s for each in sessions}
    for each in sessions:
        if each.resumes is not None and each.opening_s is not None:
            lost[each.resumes] = min(lost.get(each.resumes, math.inf), each.opening_s)
    return lost


def _left_behind(run: Run) -> dict[SessionId, float]:
    """For every session, from when on events of a query may still come that we gave up."""
    since: dict[SessionId, float] = {}
    for query in run.history.queries.values():
        if query.reason in (Reason.TIMEOUT, Reason.GIVEN_UP) and query.over_s is not None:
            since[query.session] = min(query.over_s, since.get(query.session, math.inf))
    return since


def _resuming(run: Run) -> Iterator[SessionId]:
    return (s.id for s in run.history.sessions.values() if s.resumes is not None)


def _seen(run: Run) -> dict[QueryId, _Seen]:
    """For every query and kind of event: how many, the first and the last, by receipt.

    `guessed` of them were placed only because no other query was open.  What comes over a session
    that resumes the one on which it was asked for counts only where the plan promises it once.
    """
    placed = run.frames.filter(~nw.col("query").is_null() & ~nw.col("kind").is_null())
    only = (nw.col("placed_by") == By.ONLY.value).cast(nw.Int64)
    groups = (
        placed.with_columns(only.alias("only"))
        .group_by("query", "kind", "stream", "session")
        .agg(
            nw.len().alias("n"),
            nw.col("index").min().alias("first"),
            nw.col("index").max().alias("last"),
            nw.col("only").sum().alias("guessed"),
        )
    )
    resume, known = run.history.plan.dialect.resume, run.history.queries
    again = frozenset(() if resume is not None and resume.once else _resuming(run))
    seen: dict[QueryId, _Seen] = {}
    for record in records(groups, "query", "first"):
        query = QueryId(record["query"])
        asked = known.get(query)
        if record["session"] in again and (asked is None or asked.session != record["session"]):
            continue
        kinds = seen.setdefault(query, {})
        before = kinds.get(record["kind"])
        kinds[record["kind"]] = record if before is None else _together(before, record)
    return seen


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What two sessions of one process got of one kind of event; else the later."""
    if one["stream"] != other["stream"]:
        return other
    return other | {
        "n": one["n"] + other["n"],
        "first": min(one["first"], other["first"]),
        "last": max(one["last"], other["last"]),
        "guessed": one["guessed"] + other["guessed"],
    }


def _faults(
    run: Run, query: Query, seen: _Seen
) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    dialect = run.history.plan.dialect
    protocol, repeats = dialect.protocol, frozenset(dialect.repeats)
    if query.reason == Reason.TIMEOUT:
        yield _timed_out(seen, _ends(dialect, query), dialect.ends)
        return
    if query.ending is not Ending.OK:  # the platform said that it was over before it was whole
        yield from _after_end(dialect, query, seen)
        return
    for kind in protocol:
        if kind not in seen:
            yield "missing-event", f"{kind} never came", None
        elif kind not in repeats and seen[kind]["n"] > 1:
            yield "duplicated-event", f"{kind} came {seen[kind]['n']} times", seen[kind]
    there = [kind for kind in protocol if kind in seen]
    for place, earlier in enumerate(there):
        for later in there[place + 1 :]:
            if _reordered(seen[earlier], seen[later], both_once=not {earlier, later} & repeats):
                yield "reordered-event", f"{later} came before {earlier}", seen[later]
    yield from _after_end(dialect, query, seen)


def _ends(dialect: Dialect, query: Query) -> dict[str, str]:
    """The events that end a query; of one that we cancelled, a refusal may be our message's."""
    cancelled = query.kind == Kind.CANCELLED
    return {kind: how for kind, how in dialect.ends.items() if how != "fail" or not cancelled}


def _timed_out(
    seen: _Seen, ends: Mapping[str, str], every: Mapping[str, str]
) -> tuple[str, str, dict[str, Any] | None]:
    """What had come when a query's time was up; or that its end came behind it."""
    heard = {kind: record for kind, record in seen.items() if kind in ends or kind not in every}
    last = max(heard.values(), key=lambda record: record["last"], default=None)
    if last is None:
        return "no-answer", "only a refusal came" if seen else "nothing at all came", None
    end = next((kind for kind in heard if kind in ends), None)
    if end is not None:
        return "late-end", f"{end} came when nobody waited for it any more", heard[end]
    return "no-end", f"the last that came was {last['kind']}", last


def _after_end(
    dialect: Dialect, query: Query, seen: _Seen
) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """Events of a query that had ended.  What the dialect does not name may clear up."""
    ended = query.ending.value if query.ending is not None else None
    end = next((kind for kind in seen if dialect.ends.get(kind) == ended), None)
    if end is None:
        return
    promised, last = {*dialect.protocol, *_ends(dialect, query)}, seen[end]["last"]
    after = [kind for kind, record in seen.items() if record["last"] > last and kind in promised]
    if after:
        yield "event-after-end", f"{after[0]} came after {end}", seen[after[0]]


def _reordered(earlier: dict[str, Any], later: dict[str, Any], *, both_once: bool) -> bool:
    if earlier["n"] > 1 and both_once:
        return False  # that is a duplicate, and named as one
    return bool(earlier["first"] > later["first"])


_SAYS = {
    "no-answer": "{who} asked and was never answered: {what} within the time-out",
    "no-end": "{who}'s answer never ended: {what}",
    "late-end": "{who}'s answer ended behind its time-out: {what}",
    "missing-event": "{who}'s answer lacks an event: {what}",
    "duplicated-event": "{who} got an event more than once: {what}",
    "reordered-event": "{who} got events out of order: {what}",
    "event-after-end": "{who} got an event of a query that had ended: {what}",
}


def _found(run: Run, kind: str, cases: list[tuple[Query, str, dict[str, Any] | None]]) -> Found:
    query, what, record = cases[0]
    return Found(
        kind=kind,
        cwe=None,
        victim=query.principal,
        recipient=None,
        channel="query",
        sentence=_SAYS[kind].format(who=query.principal, what=what),
        times=len(cases),
        first_s=query.sent_s,
        witness=lambda: witness.in_order(
            witness.asked(run, query.id, "victim"), _arrived(run, query, record), _over(query)
        ),
        victim_query=query.id,
        queries=frozenset(case[0].id for case in cases),
    )


def _arrived(run: Run, query: Query, record: dict[str, Any] | None) -> Moment | None:
    """The event that tells, where one came."""
    if record is None:
        return None
    place = Place(stream=record["stream"], index=record["last"])
    own = (nw.col("stream") == place.stream) & (nw.col("index") == place.index)
    frame = records(run.frames.filter(own))
    return Moment(
        at_s=frame[0]["at_s"] if frame else None,
        who=query.principal,
        role="victim",
        did=f"got {record['kind']}",
        text=witness.excerpt(run.content(place.stream, place.index), None)[0],
        place=place,
    )


def _over(query: Query) -> Moment:
    timed_out = query.reason == Reason.TIMEOUT
    return Moment(
        at_s=query.over_s,
        who=query.principal,
        role="victim",
        did="had waited in vain" if timed_out else "was told that it is over",
    )
