"""Whether answers were complete in time."""

from __future__ import annotations

from isolation_checks.checks import unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in, judged
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import completions


@check(
    asks="Were answers complete in time, counted from when they were due?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "completion"),
)
def completion_time(run: Run) -> Outcome:
    """From due to the event that ended the answer well.

    A query that was turned away is an error, not a quick answer; one that was never
    finished counts as longer than it lasted.

    Catches:  slow_tail, hung_agent, noisy_neighbour.
    Blind to: what a user waits for outside a query.
    """
    return judged(run, "completion", completions(run.history, unplaced.unsure(run)))
