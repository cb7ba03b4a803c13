"""From what checks found to findings: named, explained, pictured, and folded into roots.

It decides which finding is a consequence of which; whether something is wrong was
the checks' to say.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from isolation_checks.checks.check import Check, Found, Outcome
from isolation_checks.judging import fingerprints
from isolation_checks.judging.fingerprints import Mechanism, Scene
from isolation_checks.loading.fold import RESTART
from isolation_checks.loading.run import Run
from isolation_checks.records import PrincipalId
from isolation_checks.verdicts.finding import SHOWN, Finding, Moment, Span

log = logging.getLogger(__name__)
BEFORE_SECONDS = 2.0
"""A provocation as long as this before a finding may have brought it out."""
_ORDER = (
    "foreign-canary",
    "stale-context",
    "foreign-credential",
    "shared-session-id",
    "forged-token",
    "claimed-identity",
    "anothers-conversation",
    "anothers-session",
    "ended-login",
    "interference",
    "foreign-frame",
    "foreign-row",
    "lying-label",
    "foreign-identity",
    "foreign-fact",
)
_PROBED = (
    "forged-token",
    "claimed-identity",
    "anothers-conversation",
    "anothers-session",
    "ended-login",
)
_TOLD = ("foreign-canary", *_PROBED)
"""What is stored as it was told."""
_OF_TWO = ("foreign-frame", "lying-label", "foreign-identity", "foreign-fact")
"""What another finding between the same two explains."""
_BY_SESSION = ("anothers-session", "ended-login")
"""What a platform gives back, or ends, by the id of a session."""
_ROUTING = {
    "the newest socket wins",
    "whoever asked last gets what is sent",
    "a targeted send became a send to all",
    "a targeted send became a send to the whole tenant",
    "a second emitter sends each event again, to somebody else",
    "what was kept for a dropped socket is sent to another",
    "a session that is taken up again gives what was another's",
    "another's frames under the recipient's ids",
    "a group named after the beginning of an id",
    "a subscription that takes the beginning of an id for the whole",
    "a reply finds its session by the client's id alone",
    "one dispatcher of tools, whose events follow the run that came last",
    "a subscription that outlives the query it was made for",
    "a frame that was written over before it was sent",
}
_DELIVERY = {
    "no-answer",
    "no-end",
    "late-end",
    "missing-event",
    "duplicated-event",
    "reordered-event",
    "event-after-end",
}


@dataclass(slots=True)
class _Case:
    check: Check
    found: Found
    mechanism: Mechanism
    root: _Case | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The findings that are shown, and how many there are of all."""

    shown: tuple[Finding, ...]
    total: int
    roots: int


def of(run: Run, outcomes: list[tuple[Check, Outcome]]) -> Findings:
    """All findings of a run's outcomes, roots first."""
    scene = Scene(run, [found for _, outcome in outcomes for found in outcome.found])
    cases = [
        _Case(check, found, _explained(scene, found))
        for check, outcome in outcomes
        for found in outcome.found
    ]
    cases.sort(key=_weight)
    earlier = _Earlier()
    for case in cases:
        case.root = earlier.root_of(case)
        earlier.add(case)
    cases.sort(key=lambda case: (case.root is not None, _weight(case)))
    names = {id(case): f"F{number}" for number, case in enumerate(cases, 1)}
    return Findings(
        shown=tuple(_finding(run, case, names) for case in cases[:SHOWN]),
        total=sum(case.found.times for case in cases),
        roots=sum(case.root is None for case in cases),
    )


def _explained(scene: Scene, found: Found) -> Mechanism:
    """What a finding looks like; it is shown all the same where that cannot be told."""
    try:
        return fingerprints.mechanism(scene, found)
    except Exception as error:
        log.exception("what a finding looks like cannot be told")
        because = f"looking for it crashed: {type(error).__name__}: {error}"
        return Mechanism(name=fingerprints.UNKNOWN, because=because)


def _weight(case: _Case) -> tuple[int, int, float, str]:
    kind = case.found.kind
    order = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    first = case.found.first_s if case.found.first_s is not None else float("inf")
    return (case.check.part != "isolation", order, first, case.found.sentence)


class _Earlier:
    """The weightier findings, by all that another may be a consequence of: of thousands, too."""

    def __init__(self) -> None:
        self._first: dict[tuple[object, ...], tuple[int, _Case]] = {}
        self._many = 0

    def root_of(self, case: _Case) -> _Case | None:
        """The root of the first finding of which this one is a consequence."""
        led = [self._first[key] for key in _comes_of(case) if key in self._first]
        if not led:
            return None
        _, other = min(led, key=itemgetter(0))
        return other.root or other

    def add(self, case: _Case) -> None:
        """The next in order of weight."""
        for key in _leads_to(case):
            self._first.setdefault(key, (self._many, case))
        self._many += 1


def _leads_to(case: _Case) -> Iterator[tuple[object, ...]]:
    """By what a finding is known to those that are it over again, or came of it."""
    found, looks = case.found, case.mechanism.name
    yield "looks", looks
    yield "looks", looks, found.kind
    yield from (("place", *place) for place in found.places)
    if case.check.part != "isolation":
        return
    if looks in _ROUTING:
        yield ("routing",)
    yield "kind", found.kind
    yield "pair", found.victim, found.recipient
    yield from (("query", query) for query in found.queries)
    if found.kind in _TOLD:
        yield "told", found.victim, found.recipient
        yield from (("told", query) for query in found.queries)


def _comes_of(case: _Case) -> Iterator[tuple[object, ...]]:
    """What a finding is over again, or may come of."""
    found, looks = case.found, case.mechanism.name
    yield ("looks", looks) if looks != fingerprints.UNKNOWN else ("looks", looks, found.kind)
    yield from (("place", *place) for place in found.places)
    if found.kind in _DELIVERY:  # frames that went astray are missing where they belonged
        yield ("routing",)
        yield from (("query", query) for query in found.queries)
    if found.kind in _BY_SESSION:  # what is looked up by an id that several have may be anybody's
        yield "kind", "shared-session-id"
    if found.kind in _PROBED and found.channel == "frame":
        yield ("routing",)  # what goes astray comes to intruders, too
    if found.kind == "foreign-row":  # what was told wrongly, or under a wrong name, is stored
        pair = ("told", found.victim, found.recipient)
        yield from (("told", query) for query in found.queries) if found.queries else (pair,)
    if found.kind in _OF_TWO:
        yield "pair", found.victim, found.recipient


def _finding(run: Run, case: _Case, names: dict[int, str]) -> Finding:
    found = case.found
    witness = found.witness()
    return Finding(
        id=names[id(case)],
        check=case.check.name,
        part=case.check.part,
        kind=found.kind,
        cwe=found.cwe,
        victim=found.victim,
        recipient=found.recipient,
        channel=found.channel,
        sentence=found.sentence,
        times=found.times,
        first_s=found.first_s,
        mechanism=case.mechanism.name,
        because=case.mechanism.because,
        provocation=_provocation(run, found),
        witness=witness,
        spans=_spans(run, found, witness),
        folded_into=names[id(case.root)] if case.root is not None else None,
    )


def _provocation(run: Run, found: Found) -> str | None:
    """What the driver had done to either of the two, or to everybody, shortly before."""
    if found.first_s is None:
        return None
    near = [
        act
        for act in run.history.provocations
        if 0 <= found.first_s - act.at_s <= BEFORE_SECONDS
        and (act.kind == RESTART or {act.principal, act.other} & {found.victim, found.recipient})
    ]
    if not near:
        return None
    act = max(near, key=lambda act: act.at_s)
    before = (found.first_s - act.at_s) * 1000
    said = _ACTS.get(act.kind, act.kind).format(a=act.principal, b=act.other)
    return f"{said}, {before:.0f} ms before"


_ACTS = {
    "twins": "{a} and {b} asked word for word the same",
    "connect": "{a} connected while {b}'s answer was under way",
    "read": "{a} asked for {b}'s conversation",
    "abandon": "{a} dropped its answer, and {b} asked behind it",
    "reconnect": "{a} dropped its session in mid-answer and came back",
    "resume": "{a} lost its connection in mid-answer and took its session up again",
    "expire": "{a}'s token ran out while it asked",
    "logout": "{a} logged out in mid-answer",
    "storm": "{a} lost its connection with all others, and came back with them",
    "relay": "{a} came right when {b} had been answered and had gone",
    "sizes": "{a} asked at length, and {b} in one word behind it",
    "slow_reader": "{a} did not read what came for a while",
    "slow": "{a} asked what takes long, and {b} came and asked meanwhile",
    "give_up": "{a} stopped waiting for an answer and asked something else",
    "burst": "{a} connected in a burst of several",
    "cancel": "{a} cancelled a query, and {b} asked behind it",
    "alike": "{a} and {b}, who are called nearly the same, asked nearly the same",
    "search": "{a} searched for what is {b}'s",
    "refresh": "{a} and {b} refreshed their tokens at once",
    "same_id": "{a} and {b} asked under one id",
    "depart": "{a} had asked, and left for good",
    "churn": "{a} connected and left, as it had again and again",
    "fail": "{a} asked what must fail",
    "tabs": "{a} asked in two sessions at once",
    "restart": "one of the platform's processes was ended, and started again",
    "recall": "{a} asked in a new session for what it had told in another",
}


def _spans(run: Run, found: Found, witness: tuple[Moment, ...]) -> tuple[Span, ...]:
    """What was open on the lanes of victim and recipient around the finding."""
    around = [moment.at_s for moment in witness if moment.at_s is not None]
    if not around:
        return ()
    least, most = min(around) - BEFORE_SECONDS, max(around) + BEFORE_SECONDS
    spans = []
    for who in filter(None, (found.victim, found.recipient)):
        spans += _sessions(run, who, least, most)
        spans += _queries(run, who, least, most)
    return tuple(spans)


def _sessions(run: Run, who: PrincipalId, least: float, most: float) -> list[Span]:
    return [
        Span(
            who=who,
            kind="session",
            label=f"session {session.id & 0xFFFFFFFF}",
            from_s=session.ready_s,
            to_s=session.closed_s,
        )
        for session in run.history.sessions.values()
        if session.principal == who
        and session.channel == "websocket"
        and session.ready_s is not None
        and session.ready_s <= most
        and (session.closed_s is None or session.closed_s >= least)
    ]


def _queries(run: Run, who: PrincipalId, least: float, most: float) -> list[Span]:
    return [
        Span(who=who, kind="query", label=query.kind, from_s=query.sent_s, to_s=query.over_s)
        for query in run.history.queries.values()
        if query.principal == who
        and query.sent_s <= most
        and (query.over_s is None or query.over_s >= least)
    ]
