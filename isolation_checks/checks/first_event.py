"""Whether the first sign of an answer came in time."""

from __future__ import annotations

from isolation_checks.checks import unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in, judged
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import first_events


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
    return judged(run, "first_event", first_events(run.history, unplaced.unsure(run)))
