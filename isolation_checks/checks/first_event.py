"""Whether the first sign of an answer came in time."""

from __future__ import annotations

from isolation_checks.checks import unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import OURS, Samples, asked_in, judged, waited
from isolation_checks.loading.run import Run
from isolation_checks.records import Ending


@check(
    asks="Did the first sign of an answer come in time, counted from when it was due?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "first_event"),
)
def first_event_time(run: Run) -> Outcome:
    """From due to the first event of the query.

    Catches:  silent_swallow, a queue before the agent.
    Blind to: how long the rest of the answer takes.
    """
    finished, unfinished = [], []
    unsure = unplaced.unsure(run)
    for query in run.history.queries.values():
        if query.first_s is not None:
            finished.append(query.first_s - query.due_s)
        elif query.ending is not Ending.FAIL and query.reason not in OURS:
            unfinished.append(waited(query, unsure))
    return judged(run, "first_event", Samples(finished=finished, unfinished=unfinished))
