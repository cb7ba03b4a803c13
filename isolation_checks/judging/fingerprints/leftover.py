"""Fingerprints of what a query that was cut off leaves over, and who finds it."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    over,
)
from isolation_checks.loading.history import Query
from isolation_checks.records import (
    PROVOKED,
    ConversationLabel,
    Ending,
    PrincipalId,
    QueryId,
    SessionId,
)

TELLING, NOTABLE = 3.0, 0.2
"""A share is telling when it is so many times the usual one, and no smaller than this."""
IN_BETWEEN = 3
"""Queries that may come between one and whoever gets its reply: there are several connections."""
BEHIND, CHAINED = 2 / 3, 0.1
"""The shares of such cases in which the recipient asked behind it, and in which it had itself
got another's: fewer, and both may have been served side by side."""
SOON = 0.25
"""Seconds behind an answer in which what follows it comes, such as its title."""


def left_on_a_connection(scene: Scene, found: Found) -> Mechanism | None:
    """Whose words went astray had mostly left before the answer came.

    Where those behind them were hit in turn it is off by one, and a connection's.
    """
    cut = scene.once(_cut_off_and_behind)
    if not scene.own(found) or not 0 < cut.of_all * TELLING <= cut.of_victims:
        return None
    if cut.of_victims >= ALMOST_ALL:  # and nobody's behind them: no chain
        if scene.once(_failed_beside):
            return None
        return Mechanism(
            name="what a run that broke off had left behind",
            because=(
                f"{cut.of_victims:.0%} of the {cut.victims} queries whose words reached others had "
                f"failed or been cut off, where {cut.of_all:.0%} of all were"
            ),
        )
    if cut.of_victims < NOTABLE or cut.chained < MOST * cut.whole:
        return None
    return _left_over(
        f"{cut.of_victims:.0%} of the queries whose words reached others had been cut off, "
        f"where {cut.of_all:.0%} of all were; of the other {cut.whole}, {cut.chained} had been "
        "given another's words themselves: each answer met whoever came behind"
    )


def off_by_one(scene: Scene, found: Found) -> Mechanism | None:
    """Answers to the query before: each has the words of one other, and none of its own."""
    answers, bare, passed_on = scene.once(_moved_on)
    if not scene.own(found) or answers < SEVERAL or bare < MOST * answers:
        return None
    if passed_on < NOTABLE * answers:
        return None
    return _left_over(
        f"{answers} answers hold the words of one other query each, {bare} of them none of "
        f"their own question's, and in {passed_on} cases the victim's answer had been "
        "another's itself: off by one"
    )


def behind_an_answer(scene: Scene, found: Found) -> Mechanism | None:
    """Notices about others, each right behind an answer of the recipient's own."""
    here = scene.frames(found)
    if scene.passings or not scene.about_others(found) or any(f["query"] for f in here):
        return None
    notices, behind = scene.once(_notices), scene.once(_count_behind)
    if behind < max(SEVERAL, ALMOST_ALL * len(notices)):
        return None
    kinds = " and ".join(sorted({str(frame["kind"]) for frame in notices}))
    return Mechanism(
        name="state that another's run had left behind",
        because=(
            f"{behind} of {len(notices)} events about others came within {SOON:.2f} s behind an "
            f"answer of the recipient's own; of all kinds of events only {kinds} held others' words"
        ),
    )


def due_to_the_one_before(scene: Scene, found: Found) -> Mechanism | None:
    """What was said before in a conversation, given to whoever asks behind its next query."""
    due = scene.once(_due)
    if not scene.own(found) or due.cases < 2 * SEVERAL or due.hits < ALMOST_ALL * due.cases:
        return None
    if due.behind < BEHIND * due.hits or due.chained < CHAINED * due.hits:
        return None
    if due.passed_over < MOST * due.hits:
        return None  # each next query came at once: then its time and its answer's tell the same
    return _left_over(
        f"in {due.hits} of {due.cases} cases the words were due to the next query in the victim's "
        f"conversation, and went to one that was asked beside or right behind it; in "
        f"{due.chained} that one before had been given another's itself, and in {due.passed_over} "
        "other queries had come meanwhile and were given nothing of it"
    )


def _left_over(because: str) -> Mechanism:
    return Mechanism(
        name="a reply left on a connection for whoever borrows it next", because=because
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _CutOff:
    """Queries whose words reached others, and how they themselves had ended."""

    victims: int
    of_victims: float
    """The share of them that had failed or been cut off by the time their words were another's.

    Whose answer another had while it was still waited for had not left.
    """
    of_all: float
    """The share of all queries that had."""
    whole: int
    """Those of them that had not."""
    chained: int
    """Those among the whole ones whose own answers held another's words."""


def _cut_off_and_behind(scene: Scene) -> _CutOff:
    victims = {each.victim.id: each.victim for each in scene.passings}
    got = {each.recipient.id for each in scene.passings}
    waiting = {e.victim.id for e in scene.passings if over(e.victim) > over(e.recipient)}
    left = [query for query in victims.values() if query.id not in waiting]
    whole = {query.id for query in victims.values() if query.ending is Ending.OK}
    return _CutOff(
        victims=len(victims),
        of_victims=_cut_off(left) * len(left) / max(1, len(victims)),
        of_all=_cut_off(scene.run.history.queries.values()),
        whole=len(whole),
        chained=len(whole & got),
    )


def _failed_beside(scene: Scene) -> bool:
    """Whether most victims failed by the platform's own word while the recipient waited already.

    Nobody made them fail: it may be because what was theirs had been given away.
    """
    ends = scene.run.history.plan.dialect.ends
    pairs = {(each.victim.id, each.recipient.id): each for each in scene.passings}.values()
    beside = sum(
        each.victim.reason in ends and each.victim.kind not in PROVOKED and not each.before
        for each in pairs
    )
    return beside >= MOST * len(pairs)


def _notices(scene: Scene) -> list[dict[str, Any]]:
    """The events that answer nothing, and are about others."""
    return [f for f in scene.worded if f["query"] is None and f["query_owner"] is not None]


def _count_behind(scene: Scene) -> int:
    """How many of them came right behind an answer."""
    done: dict[SessionId, list[float]] = {}
    for query in scene.run.history.queries.values():
        if query.done_s is not None:
            done.setdefault(query.session, []).append(query.done_s)
    return sum(
        any(0 <= frame["at_s"] - at_s <= SOON for at_s in done.get(frame["session"], ()))
        for frame in scene.once(_notices)
    )


def _moved_on(scene: Scene) -> tuple[int, int, int]:
    """How many answers are that to one other query.

    And how many of them hold no words of their own question, and how many have the words of
    a query that had been answered so itself.  Nothing where some answers hold several others'
    words, or several hold the same.
    """
    pairs = {(each.victim.id, each.recipient.id): each for each in scene.passings}.values()
    given = Counter(each.victim.id for each in pairs)
    got = Counter(each.recipient.id for each in pairs)
    single = [e for e in pairs if given[e.victim.id] == got[e.recipient.id] == 1]
    if len(single) < ALMOST_ALL * len(pairs):
        return 0, 0, 0
    bare = sum(not each.recipient.echoed for each in single)
    return len(single), bare, sum(got[each.victim.id] > 0 for each in single)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """Of so many cases of another's words, those where somebody else was to be told them then.

    That is the victim's next query in the conversation: it was open when the recipient was
    answered, or had come right before, and gave its words to no other, nor had the recipient
    others'.
    """

    cases: int
    hits: int
    behind: int
    """The recipient had asked behind it."""
    chained: int
    """It held another's words itself."""
    passed_over: int
    """Others had asked between the end of the query that the words are of and it."""


def _due(scene: Scene) -> _Due:
    latest: dict[tuple[QueryId, PrincipalId, ConversationLabel], Query] = {}
    for each in scene.passings:
        key = each.recipient.id, each.victim.principal, each.victim.conversation
        if key not in latest or latest[key].sent_s < each.victim.sent_s:
            latest[key] = each.victim
    known, following = scene.run.history.queries, _following(scene.run.history.queries)
    asked = sorted(query.sent_s for query in known.values())
    got = Counter(recipient for recipient, *_ in latest)
    given = Counter(following[v.id].id for v in latest.values() if v.id in following)
    hits = [
        (victim, following[victim.id], known[recipient])
        for (recipient, *_), victim in latest.items()
        if victim.id in following
        and got[recipient] == given[following[victim.id].id] == 1
        and _beside(following[victim.id], known[recipient], asked)
    ]
    return _Due(
        cases=len(latest),
        hits=len(hits),
        behind=sum(meant.sent_s < recipient.sent_s for _, meant, recipient in hits),
        chained=sum(meant.id in got for _, meant, _ in hits),
        passed_over=sum(_between(asked, over(v), meant.sent_s) > 0 for v, meant, _ in hits),
    )


def _following(queries: Mapping[QueryId, Query]) -> dict[QueryId, Query]:
    """By query, the next of its conversation."""
    latest: dict[tuple[PrincipalId, ConversationLabel], Query] = {}
    following: dict[QueryId, Query] = {}
    for query in sorted(queries.values(), key=lambda query: query.sent_s):
        before = latest.get((query.principal, query.conversation))
        if before is not None:
            following[before.id] = query
        latest[query.principal, query.conversation] = query
    return following


def _beside(meant: Query, recipient: Query, asked: list[float]) -> bool:
    """Whether two queries were open together, or the recipient's came right behind the other."""
    if meant.sent_s > over(recipient):
        return False
    near = _between(asked, meant.sent_s, recipient.sent_s) <= IN_BETWEEN
    return recipient.sent_s <= over(meant) or near


def _between(asked: list[float], since_s: float, until_s: float) -> int:
    """How many queries were sent between two moments."""
    return bisect.bisect_left(asked, until_s) - bisect.bisect_right(asked, since_s)


def _cut_off(queries: Collection[Query]) -> float:
    """The share of queries that did not end ok."""
    cut = sum(query.ending is not Ending.OK for query in queries)
    return cut / len(queries) if queries else 0.0
