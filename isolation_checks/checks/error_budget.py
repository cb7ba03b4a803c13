"""Whether few enough queries went wrong."""

from __future__ import annotations

from isolation_checks.checks import unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in, asked_of
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import belonging, endings
from isolation_checks.objectives import limits
from isolation_checks.verdicts.lattice import worst


@check(
    asks="Did few enough queries end badly?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "error_share"),
)
def error_budget(run: Run) -> Outcome:
    """The share of queries that were refused, failed, timed out or lost their session.

    Queries that the run's end cut off are counted apart; those that we cut off, or made
    fail, on purpose are not counted.  A time-out whose answer may be
    among frames that could not be tied to any query is neither an error nor none.

    Catches:  silent_swallow, hung_agent, lost_terminal.
    Blind to: answers that are wrong.
    """
    ended, apart = endings(run.history, unplaced.unsure(run))
    outcomes = tuple(
        limits.of_shares(
            objective,
            list(filter(belonging(run.history, objective.cohort), ended)),
            apart if objective.cohort is None else 0,
        )
        for objective in asked_of(run, "error_share")
    )
    return Outcome(
        examined=len(ended),
        unit="queries",
        verdict=worst([outcome.verdict for outcome in outcomes]),
        objectives=outcomes,
        bounded=False,
        times=sum(each.wrong and not each.unsure for each in ended),
    )
