"""Whether few enough queries went wrong."""

from __future__ import annotations

from dataclasses import dataclass

from isolation_checks.checks import unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in
from isolation_checks.judging.verdict import ObjectiveOutcome, Verdict, worst
from isolation_checks.loading.run import Run
from isolation_checks.plan.tables.objectives import Objective
from isolation_checks.records import Ending, Reason
from isolation_checks.statistics import bounds

_APART = (Reason.RUN_ENDED, Reason.NOT_SENT, Reason.GIVEN_UP)


@check(
    asks="Did few enough queries end badly?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "error_share"),
)
def error_budget(run: Run) -> Outcome:
    """The share of queries that were refused, failed, timed out or lost their session.

    Queries that the run's end cut off are counted apart.  A time-out whose answer may be
    among frames that could not be tied to any query is neither an error nor none.

    Catches:  silent_swallow, hung_agent, lost_terminal.
    Blind to: answers that are wrong.
    """
    counted = [q for q in run.history.queries.values() if q.reason not in _APART and q.ending]
    unsure = unplaced.unsure(run)
    wrong = [query for query in counted if query.ending is not Ending.OK]
    certain = sum(1 for query in wrong if query.id not in unsure)
    apart = len(run.history.queries) - len(counted)
    tally = _Tally(certain=certain, possible=len(wrong), trials=len(counted), apart=apart)
    objectives = [o for o in run.history.plan.objectives if o.indicator == "error_share"]
    outcomes = tuple(_judge(objective, tally) for objective in objectives)
    return Outcome(
        examined=len(counted),
        unit="queries",
        verdict=worst([outcome.verdict for outcome in outcomes]),
        objectives=outcomes,
        bounded=False,
        times=certain,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tally:
    """How many queries certainly ended badly, and how many may have, of how many."""

    certain: int
    possible: int
    trials: int
    apart: int
    """Cut off by the run's end, or by us: not among the trials."""


def _judge(objective: Objective, tally: _Tally) -> ObjectiveOutcome:
    limit, trials = float(objective.limit), tally.trials
    lower = upper = measured = None
    needed = None
    verdict, note = Verdict.UNKNOWN, "no query was asked"
    if trials:
        lower = bounds.share(tally.certain, trials)[0]
        upper = bounds.share(tally.possible, trials)[1]
        measured = tally.certain / trials
        note = f"{tally.certain} of {trials}"
        if tally.possible > tally.certain:
            note += f"; of {tally.possible - tally.certain} more nobody can say"
        if tally.apart:
            note += f"; {tally.apart} more were cut off"
        if upper <= limit:
            verdict = Verdict.PASS
        elif lower > limit:
            verdict = Verdict.FAIL
        elif limit <= 0:
            note += "; no number of queries shows a share of nothing"
        elif trials < bounds.needed_for(limit):
            needed = bounds.needed_for(limit)
            note += f"; {needed} queries without an error would do"
    if objective.agreement is not None and verdict is Verdict.FAIL:
        note = f"SLA breach: {objective.agreement}; {note}"
    return ObjectiveOutcome(
        name="errors",
        indicator="error_share",
        statement=f"errors ≤ {limit:.3g}" if limit < 0.001 else f"errors ≤ {limit * 100:g} %",  # noqa: PLR2004 - a thousandth
        verdict=verdict,
        unit="share",
        limit=limit,
        measured=measured,
        lower=lower,
        upper=upper,
        samples=trials,
        censored=0,
        needed=needed,
        note=note,
    )
