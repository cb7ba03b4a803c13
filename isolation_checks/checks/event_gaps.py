"""Whether answers that had begun went on."""

from __future__ import annotations

from isolation_checks.checks import unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in, judged
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import gaps


@check(
    asks="Did answers that had begun go on without a long silence?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "gap"),
)
def event_gaps(run: Run) -> Outcome:
    """Between one event of an answer and the next.

    An answer that broke off leaves a silence of at least the time that we then waited.

    Catches:  an agent that stops in mid-answer, and a stream that stutters.
    Blind to: the time before the first event.
    """
    return judged(run, "gap", gaps(run, unplaced.unsure(run)))
