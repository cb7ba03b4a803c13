"""Whether answers were complete in time."""

from __future__ import annotations

from isolation_checks.checks import unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import OURS, Samples, asked_in, judged, waited
from isolation_checks.loading.run import Run
from isolation_checks.records import Ending


@check(
    asks="Were answers complete in time, counted from when they were due?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "completion"),
)
def completion_time(run: Run) -> Outcome:
    """From due to the event that ended the answer well.

    A query that was turned away is an error, not a quick answer; one that was never
    finished counts as longer than it lasted.

    Catches:  slow_tail, hung_agent.
    Blind to: what a user waits for outside a query.
    """
    finished, unfinished = [], []
    unsure = unplaced.unsure(run)
    for query in run.history.queries.values():
        if query.ending is Ending.OK and query.done_s is not None:
            finished.append(query.done_s - query.due_s)
        elif query.ending is not Ending.FAIL and query.reason not in OURS:
            unfinished.append(waited(query, unsure))
    return judged(run, "completion", Samples(finished=finished, unfinished=unfinished))
