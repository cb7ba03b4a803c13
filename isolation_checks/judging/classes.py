"""The classes of opportunity, listed by hand: what counts as a chance for bleeding to show.

Each says in one sentence what one chance is, finds whose they were, and says of a bleed
that was found whether it came about in such a chance.  A chance is counted from what the
driver did and heard; what is wrong is the checks' to say.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import narwhals.stable.v2 as nw

from isolation_checks.loading.history import Query, Session
from isolation_checks.loading.overlap import clocks
from isolation_checks.loading.run import CONTROL, Run, records
from isolation_checks.plan.model import Plan
from isolation_checks.plan.provoking import every
from isolation_checks.records import NEVER_SENT, Ending, PrincipalId, Reason, SessionId

BEHIND_SECONDS = 5.0
"""Whoever asks as long as this after a stranger's answer ended comes right behind it."""
BACK_SECONDS = 10.0
"""Whoever connects as long as this after a session that was cut off has come back."""
_CUT = (Reason.GIVEN_UP, Reason.SESSION_LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bleed:
    """One place at which something was found, and what was going on there."""

    channel: str
    victim: PrincipalId
    recipient: PrincipalId
    at_s: float | None = None
    session: SessionId | None = None
    conversation: str | None = None
    own: Query | None = None
    """The recipient's query that was open, or that it was the answer to."""
    theirs: Query | None = None
    """The victim's query that the content was given with."""


class Scene:
    """A run, and what several classes ask of it, found once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._clock = clocks(run.history)
        queries = [q for q in run.history.queries.values() if q.reason not in NEVER_SENT]
        self.echoed = [q for q in queries if q.ending is Ending.OK and q.echoed]
        """Answers that held their own user's canary: a foreign one could have come as well."""
        self.by_session: dict[SessionId, list[Query]] = {}
        self._asked: dict[str, list[Query]] = {}
        self._sent: dict[str, list[Query]] = {}
        for query in sorted(queries, key=lambda query: query.sent_s):
            self.by_session.setdefault(query.session, []).append(query)
            self._asked.setdefault(query.text, []).append(query)
            self._sent.setdefault(self._clock[query.process], []).append(query)
        self._ended: dict[str, tuple[list[float], list[Query]]] = {}
        """By clock, when queries ended, and which."""
        self._longest: dict[str, float] = {}
        for clock, sent in self._sent.items():
            ended = sorted(
                ((query.over_s, query) for query in sent if query.over_s is not None),
                key=lambda end: end[0],
            )
            self._ended[clock] = [over_s for over_s, _ in ended], [query for _, query in ended]
            self._longest[clock] = max((at_s - q.sent_s for at_s, q in ended), default=0.0)

    def strangers(self, one: PrincipalId, other: PrincipalId) -> bool:
        """Whether two principals share no answers."""
        circle = self.run.ownership.circle
        return circle(one) != circle(other)

    def before(self, query: Query) -> Query | None:
        """The query that had ended last when this one was sent, by the same clock."""
        times, those = self._ended.get(self._clock[query.process], ([], []))
        place = bisect.bisect_right(times, query.sent_s)
        return those[place - 1] if place else None

    def same_words(self, query: Query) -> bool:
        """Whether a stranger had asked the same, word for word, before this was over."""
        until_s = query.sent_s if query.over_s is None else query.over_s
        return any(
            other.sent_s <= until_s and self.strangers(other.principal, query.principal)
            for other in self._asked.get(query.text, ())
        )

    def met(self, session: Session, at_s: float) -> bool:
        """Whether a query of a stranger's was open at a moment of a session's."""
        clock = self._clock[session.process]
        sent, longest = self._sent.get(clock, []), self._longest.get(clock, 0.0)
        place = bisect.bisect_right(sent, at_s, key=lambda query: query.sent_s)
        while place and sent[place - 1].sent_s >= at_s - longest:
            place -= 1
            if open_at(sent[place], at_s) and self.strangers(
                sent[place].principal, session.principal
            ):
                return True
        return False

    def ready(self) -> Iterator[tuple[Session, float]]:
        """The WebSockets that could be used, each with the moment from which on."""
        for session in self.run.history.sessions.values():
            if session.channel == "websocket" and session.ready_s is not None:
                yield session, session.ready_s

    @cached_property
    def back(self) -> dict[SessionId, PrincipalId]:
        """Sessions that resume another, or whose user's had been cut off in mid-answer."""
        cut: dict[PrincipalId, list[float]] = {}
        for query in self.run.history.queries.values():
            if query.reason in _CUT and query.over_s is not None:
                cut.setdefault(query.principal, []).append(query.over_s)
        return {
            session.id: session.principal
            for session, ready_s in self.ready()
            if session.resumes is not None
            or any(0 <= ready_s - at_s <= BACK_SECONDS for at_s in cut.get(session.principal, ()))
        }


def open_at(query: Query, at_s: float) -> bool:
    """Whether a query was open at a moment; one whose end nobody wrote down never is."""
    return query.over_s is not None and query.sent_s <= at_s < query.over_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class of opportunity."""

    name: str
    meaning: str
    chances: Callable[[Scene], Iterator[PrincipalId]]
    """Whose each chance was."""
    holds: Callable[[Scene, Bleed], bool]
    """Whether a bleed came about in a chance of this class."""
    asked: Callable[[Plan], bool] = lambda _: True
    """Whether the plan asks for it at all."""


def _overlapped(scene: Scene) -> Iterator[PrincipalId]:
    return (query.principal for query in scene.echoed if query.overlapped)


def _in_overlap(_: Scene, bleed: Bleed) -> bool:
    """Into an answer that overlapped with a stranger's, or out of one."""
    return any(query is not None and query.overlapped for query in (bleed.own, bleed.theirs))


def _bystanders(scene: Scene) -> Iterator[PrincipalId]:
    for session, ready_s in scene.ready():
        own = scene.by_session.get(session.id, [])
        since = [ready_s, *(query.over_s for query in own if query.over_s is not None)]
        free = (at_s for at_s in since if not any(open_at(query, at_s) for query in own))
        for at_s in free:
            if scene.met(session, at_s):
                yield session.principal


def _at_rest(_: Scene, bleed: Bleed) -> bool:
    return bleed.own is None


def _successors(scene: Scene) -> Iterator[PrincipalId]:
    for query in scene.echoed:
        before = scene.before(query)
        if before is None or before.over_s is None:
            continue
        near = query.sent_s - before.over_s <= BEHIND_SECONDS
        if near and scene.strangers(before.principal, query.principal):
            yield query.principal


def _in_succession(_: Scene, bleed: Bleed) -> bool:
    own, theirs = bleed.own, bleed.theirs
    if own is None or theirs is None or theirs.over_s is None:
        return False
    return theirs.over_s <= own.sent_s


def _twins(scene: Scene) -> Iterator[PrincipalId]:
    return (query.principal for query in scene.echoed if scene.same_words(query))


def _between_twins(scene: Scene, bleed: Bleed) -> bool:
    return bleed.own is not None and scene.same_words(bleed.own)


def _returns(scene: Scene) -> Iterator[PrincipalId]:
    return iter(scene.back.values())


def _on_return(scene: Scene, bleed: Bleed) -> bool:
    return bleed.session in scene.back


def _connected(scene: Scene) -> Iterator[PrincipalId]:
    return (s.principal for s, ready_s in scene.ready() if scene.met(s, ready_s))


def _on_connect(scene: Scene, bleed: Bleed) -> bool:
    """The recipient's session had come while the victim's query was open."""
    session = scene.run.history.sessions.get(bleed.session) if bleed.session else None
    if session is None or session.ready_s is None:
        return False
    if bleed.theirs is None:
        return scene.met(session, session.ready_s)
    return open_at(bleed.theirs, session.ready_s)


def _reads(scene: Scene) -> Iterator[PrincipalId]:
    """Reads after which something came to the reader before it read again."""
    acts: dict[PrincipalId, list[float]] = {}
    for act in scene.run.history.provocations:
        if act.kind == "read":
            acts.setdefault(act.principal, []).append(act.at_s)
    received = ~nw.col("opcode").is_in(CONTROL)
    for reader, times in acts.items():
        own = scene.run.frames.filter(received & (nw.col("principal") == reader)).select("at_s")
        heard = [frame["at_s"] for frame in records(own, "at_s")]
        for at_s, until_s in itertools.pairwise([*sorted(times), math.inf]):
            place = bisect.bisect_left(heard, at_s)
            if place < len(heard) and heard[place] < until_s:
                yield reader


def _by_reading(scene: Scene, bleed: Bleed) -> bool:
    asked = (bleed.recipient, bleed.conversation or "") in scene.run.asked_for
    return bleed.channel == "http" or asked


def _conversations(scene: Scene) -> Iterator[PrincipalId]:
    told: dict[PrincipalId, dict[str, float]] = {}
    for planting in scene.run.history.plantings.values():
        if planting.kind == "token" and planting.conversation is not None:
            own = told.setdefault(planting.principal, {})
            first_s = own.get(planting.conversation, planting.at_s)
            own[planting.conversation] = min(planting.at_s, first_s)
    for query in scene.echoed:
        others = told.get(query.principal, {})
        if any(c != query.conversation and at_s < query.sent_s for c, at_s in others.items()):
            yield query.principal


def _within_one_user(_: Scene, bleed: Bleed) -> bool:
    return bleed.victim == bleed.recipient


def _apart(plan: Plan) -> bool:
    """Whether what a user said in one conversation may not come up in another."""
    scopes = {a.scope for a in plan.sharing if "frame" in a.channels and not a.places}
    return not scopes & {"user", "tenant", "everyone"}


def _reading(plan: Plan) -> bool:
    ways = plan.dialect.read_conversation or plan.dialect.read_conversation_http
    return bool(float(plan.provocations.read) and ways)


OVERLAP = Class(
    name="overlap",
    meaning="an answer that echoed its own user's canary while another user's query was open",
    chances=_overlapped,
    holds=_in_overlap,
)
CLASSES: tuple[Class, ...] = (
    OVERLAP,
    Class(
        name="bystander",
        meaning="a session that had nothing open while another user's query was: one chance at its "
        "beginning and one behind each of its own answers",
        chances=_bystanders,
        holds=_at_rest,
    ),
    Class(
        name="successor",
        meaning="an answer that echoed its own user's canary to a query sent within "
        f"{BEHIND_SECONDS:g} s behind another user's, which was the last to have ended",
        chances=_successors,
        holds=_in_succession,
    ),
    Class(
        name="twins",
        meaning="an answer that echoed its own user's canary to a question that another user had "
        "asked word for word",
        chances=_twins,
        holds=_between_twins,
        asked=lambda plan: plan.cast.twins and bool(float(plan.provocations.twins)),
    ),
    Class(
        name="return",
        meaning=f"a session opened within {BACK_SECONDS:g} s after its user's had been cut off in "
        "mid-answer, or that resumes it",
        chances=_returns,
        holds=_on_return,
        asked=lambda plan: bool(every(plan, "reconnect") or every(plan, "resume")),
    ),
    Class(
        name="connect",
        meaning="a session that could be used from a moment on at which another user's query was "
        "open",
        chances=_connected,
        holds=_on_connect,
    ),
    Class(
        name="read",
        meaning="a request for another user's conversation by its id, to which anything was "
        "answered",
        chances=_reads,
        holds=_by_reading,
        asked=_reading,
    ),
    Class(
        name="conversations",
        meaning="an answer that echoed its own user's canary when that user had told another one "
        "in another conversation",
        chances=_conversations,
        holds=_within_one_user,
        asked=_apart,
    ),
)
"""All classes of what passes on the wire; that of rows is counted by the check of rows."""
