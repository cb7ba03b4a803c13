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

import narwhals.stable.v2 as nw

from isolation_checks.judging.chances import BACK_SECONDS, Bleed, Scene, open_at
from isolation_checks.loading.run import CONTROL, records
from isolation_checks.plan.model import Plan
from isolation_checks.plan.provoking import every
from isolation_checks.records import PrincipalId

BEHIND_SECONDS = 5.0
"""Whoever asks as long as this after a stranger's answer ended comes right behind it."""


_CUTTING = ("cancel", "abandon", "reconnect", "resume", "give_up")
"""Provocations that cut an answer off."""


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


def _behind_a_cut(scene: Scene) -> Iterator[PrincipalId]:
    for query in scene.echoed:
        if any(scene.strangers(each, query.principal) for each in scene.behind_a_cut(query)):
            yield query.principal


def _out_of_a_cut(scene: Scene, bleed: Bleed) -> bool:
    return bleed.own is not None and bleed.victim in scene.behind_a_cut(bleed.own)


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
    session = None if bleed.session is None else scene.run.history.sessions.get(bleed.session)
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
        name="cut",
        meaning="an answer that echoed its own user's canary to the next query that was sent when "
        "another user's answer had been cut off",
        chances=_behind_a_cut,
        holds=_out_of_a_cut,
        asked=lambda plan: any(every(plan, name) for name in _CUTTING),
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
