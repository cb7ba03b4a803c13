"""Whether the agent's tools were quick enough."""

from __future__ import annotations

from isolation_checks.checks import unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in, judged
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import tool_calls


@check(
    asks="Were the agent's tools quick enough?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "tool_call"),
)
def tool_time(run: Run) -> Outcome:
    """From the event that a tool begins to the event that it is over.

    A tool that never ended, in an answer that never did, counts as longer than we waited.

    Catches:  a tool that waits for a pool of threads or connections.
    Blind to: which of several tools at once was the slow one: they are paired in their order.
    """
    return judged(run, "tool_call", tool_calls(run, unplaced.unsure(run)))
