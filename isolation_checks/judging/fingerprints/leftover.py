"""Fingerprints of what a query that was cut off leaves over, and who finds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

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
from isolation_checks.records import Ending, SessionId

TELLING, NOTABLE = 3.0, 0.2
"""A share is telling when it is so many times the usual one, and no smaller than this."""

SOON = 0.25
"""Seconds behind an answer in which what follows it comes, such as its title."""


def left_on_a_connection(scene: Scene, found: Found) -> Mechanism | None:
    """Whose words went astray had mostly left before the answer came.

    Where those behind them were hit in turn it is off by one, and a connection's.
    """
    victims, of_victims, of_all = scene.once(_shares_cut_off)
    if not scene.own(found) or not 0 < of_all * TELLING <= of_victims or of_victims < NOTABLE:
        return None
    if victims >= SEVERAL and of_victims >= ALMOST_ALL:  # and nobody's behind them: no chain
        return Mechanism(
            name="what a run that broke off had left behind",
            because=(
                f"{of_victims:.0%} of the {victims} queries whose words reached others had failed "
                f"or been cut off, where {of_all:.0%} of all were"
            ),
        )
    return _left_over(
        f"{of_victims:.0%} of the queries whose words reached others had been cut off, "
        f"where {of_all:.0%} of all were: their answers met whoever came behind them"
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
    notices = [f for f in scene.worded if f["query"] is None and f["query_owner"] is not None]
    here = scene.frames(found)
    if scene.passings or not scene.about_others(found) or any(f["query"] for f in here):
        return None
    behind = scene.once(_count_behind)
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


def _left_over(because: str) -> Mechanism:
    return Mechanism(
        name="a reply left on a connection for whoever borrows it next", because=because
    )


def _shares_cut_off(scene: Scene) -> tuple[int, float, float]:
    """How many queries' words reached others, and which share of them and of all broke off.

    Whose answer another had while it was still waited for had not left.
    """
    victims = {each.victim.id: each.victim for each in scene.passings}.values()
    waiting = {e.victim.id for e in scene.passings if over(e.victim) > over(e.recipient)}
    left = [victim for victim in victims if victim.id not in waiting]
    of_victims = _cut_off(left) * len(left) / max(1, len(victims))
    return len(victims), of_victims, _cut_off(scene.run.history.queries.values())


def _count_behind(scene: Scene) -> int:
    """How many events that answer nothing, and are about others, came right behind an answer."""
    done: dict[SessionId, list[float]] = {}
    for query in scene.run.history.queries.values():
        if query.done_s is not None:
            done.setdefault(query.session, []).append(query.done_s)
    return sum(
        any(0 <= frame["at_s"] - at_s <= SOON for at_s in done.get(frame["session"], ()))
        for frame in scene.worded
        if frame["query"] is None and frame["query_owner"] is not None
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


def _cut_off(queries: Collection[Query]) -> float:
    """The share of queries that did not end ok."""
    cut = sum(query.ending is not Ending.OK for query in queries)
    return cut / len(queries) if queries else 0.0
