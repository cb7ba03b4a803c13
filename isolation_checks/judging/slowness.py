"""What a missed time looks like, as far as the times themselves tell: a lead, beside the numbers.

It changes no verdict and finds nothing: it says how long things took against how much else was
under way.  Where they show nothing of the kind, nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from isolation_checks.loading.history import History, Query
from isolation_checks.records import Ending, Reason
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import Looks, ObjectiveOutcome

ONE_BY_ONE = "connects that are served one after another"
WAITING = "answers that wait for one another, as for a lock, a small pool or a full processor"
SHARE = "a share that is slow whatever the load"
FEWEST, SEVERAL = 10, 5
"""Things that are timed, and slow ones among them, from which on anything is said."""
FOLLOWS = 0.8
"""Spearman's rank correlation from which on times follow something."""
APART = 0.5
"""How far slow ones may lie apart from the others in something that does not decide it."""
LONGER = 3.0
"""So many times as long as where little was under way is no small matter."""
GAP = 2.5
"""So many times as long as the next faster one took the fastest of those that are a kind apart."""
MOST = 0.5
"""No more than this is a share."""
_TICK = 1e-9
"""Seconds: nothing is timed more finely, and what took less took as long as this."""
FEW = 2
"""Under way with the one that is timed, itself included: it has the platform nearly alone."""
_Numbers = npt.NDArray[np.float64]


class Timed(NamedTuple):
    """One thing that was timed, in seconds of the run; whatever came to no end took None."""

    began_s: float
    over_s: float
    took_s: float | None


def look(history: History, outcome: ObjectiveOutcome) -> Looks | None:
    """What a missed time looks like; None where it is not missed, or its times do not tell."""
    timed = TIMED.get(outcome.indicator)
    if outcome.verdict is not Verdict.FAIL or timed is None:
        return None
    every = list(timed(history))
    began = np.array([each.began_s for each in every if each.took_s is not None])
    took = np.array([each.took_s for each in every if each.took_s is not None])
    if len(took) < FEWEST:
        return None
    load = _under_way(every, began)
    if _correlation(load, took) >= FOLLOWS and took.max() >= LONGER * took.min():
        return _waiting(outcome.indicator, load, took)
    return _share(began, load, took)


def _waiting(indicator: str, load: _Numbers, took: _Numbers) -> Looks:
    """Times that grow with how many are under way."""
    each, _ = np.polyfit(load, took, 1)
    alone = took[load <= FEW]
    lone = f", and {np.median(alone):.2g} s (median) with at most one other" if len(alone) else ""
    thing = NOUNS[indicator]
    return Looks(
        mechanism=ONE_BY_ONE if indicator in CONNECTS else WAITING,
        because=(
            f"{thing} took {each:.2g} s more for each that was under way with it{lone} "
            f"(rank correlation {_correlation(load, took):.2f}, up to {load.max():.0f} at once)"
        ),
    )


def _share(began: _Numbers, load: _Numbers, took: _Numbers) -> Looks | None:
    """Two kinds of times with a gap between them, and neither load nor time decides which."""
    ordered = np.sort(took)
    first = int(len(ordered) * (1 - MOST))
    ratios = ordered[first + 1 :] / np.maximum(ordered[first:-1], _TICK)
    if not len(ratios):
        return None
    place = first + int(np.argmax(ratios))
    fast, slow = ordered[place], ordered[place + 1]
    late = took >= slow
    if late.sum() < SEVERAL or slow < GAP * fast or late.all():  # all at once are no share
        return None
    if max(abs(_apart(load, late)), abs(_apart(began, late))) > APART:
        return None
    return Looks(
        mechanism=SHARE,
        because=(
            f"{late.sum()} of {len(took)} ({late.mean():.0%}) took {slow:.2g} s and longer, all "
            f"others at most {fast:.2g} s, and {np.median(load[late]):.0f} were under way in the "
            f"median where it was slow, {np.median(load[~late]):.0f} where it was not"
        ),
    )


def _queries(history: History, took: Callable[[Query], float | None]) -> Iterable[Timed]:
    """Queries as objectives count them, for as long as the platform had them open."""
    for query in history.queries.values():
        if query.reason != Reason.NOT_SENT:
            ended = query.over_s if query.over_s is not None else float("inf")
            until = None if query.provoked or query.ending is not Ending.OK else took(query)
            yield Timed(query.sent_s, ended, until)


def _completions(history: History) -> Iterable[Timed]:
    return _queries(history, lambda q: None if q.done_s is None else q.done_s - q.sent_s)


def _first_events(history: History) -> Iterable[Timed]:
    return _queries(history, lambda q: None if q.first_s is None else q.first_s - q.sent_s)


def _connects(history: History) -> Iterable[Timed]:
    """Sessions from their first packet on, but for those that we had connect all at once."""
    for session in history.sessions.values():
        if session.channel == "websocket" and session.opening_s is not None:
            over_s = session.ready_s if session.ready_s is not None else session.closed_s
            usual = session.ready_s is not None and not session.storm
            took = session.ready_s - session.opening_s if usual and session.ready_s else None
            yield Timed(session.opening_s, float("inf") if over_s is None else over_s, took)


TIMED: Mapping[str, Callable[[History], Iterable[Timed]]] = {
    "connect": _connects,
    "authenticated": _connects,
    "first_event": _first_events,
    "completion": _completions,
}
CONNECTS = ("connect", "authenticated")
NOUNS = {
    "connect": "a connect",
    "authenticated": "a connect",
    "first_event": "a first event",
    "completion": "an answer",
}


def _under_way(every: Collection[Timed], at: _Numbers) -> _Numbers:
    """How many were under way at these moments, those that began then included."""
    began = np.sort([each.began_s for each in every])
    over = np.sort([each.over_s for each in every])
    here = np.searchsorted(began, at, side="right") - np.searchsorted(over, at, side="right")
    return here.astype(float)


def _correlation(one: _Numbers, other: _Numbers) -> float:
    """Spearman's rank correlation, ties at their mean rank; 0 where one does not vary."""
    ranks, others = _ranks(one), _ranks(other)
    if not ranks.std() or not others.std():
        return 0.0
    return float(np.corrcoef(ranks, others)[0, 1])


def _apart(values: _Numbers, late: npt.NDArray[np.bool_]) -> float:
    """How much more often a slow one has the greater value than the smaller: from −1 to 1.

    Source: the rank-biserial correlation, Cureton, Psychometrika 21 (1956).
    """
    slow, fast = int(late.sum()), int((~late).sum())
    above = _ranks(values)[late].sum() - slow * (slow + 1) / 2
    return float(2 * above / (slow * fast) - 1)


def _ranks(values: _Numbers) -> _Numbers:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean: _Numbers = np.cumsum(counts) - (counts - 1) / 2
    return mean[place]
