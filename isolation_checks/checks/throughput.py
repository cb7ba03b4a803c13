"""Whether the platform completed as many answers as it must."""

from __future__ import annotations

from isolation_checks.checks import unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in, asked_of, missed
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import belonging, endings
from isolation_checks.objectives import limits
from isolation_checks.verdicts.lattice import worst


@check(
    asks="Were enough answers completed each second?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "throughput"),
)
def throughput_kept(run: Run) -> Outcome:
    """Answers that ended well, a second, from when the first was due until the last was.

    Where less was asked for than the objective wants, nobody can say that it was missed.

    Catches:  one lock or pool that everybody waits for, under a load that would reach the limit.
    Blind to: how long each of them took.
    """
    ended, _ = endings(run.history, unplaced.unsure(run))
    outcomes = tuple(
        limits.of_rates(objective, list(filter(belonging(run.history, objective.cohort), ended)))
        for objective in asked_of(run, "throughput")
    )
    return Outcome(
        examined=len(ended),
        unit="queries",
        verdict=worst([outcome.verdict for outcome in outcomes]),
        objectives=outcomes,
        bounded=False,
        times=missed(outcomes),
    )
