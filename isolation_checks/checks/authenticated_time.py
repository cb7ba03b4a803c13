"""Whether the platform knew in time who we are."""

from __future__ import annotations

from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in, judged
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import authentications


@check(
    asks="Did the platform say in time that it knows who we are?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "authenticated"),
)
def authenticated_time(run: Run) -> Outcome:
    """From the upgrade to the last of the events that open a session.

    Unfinished ones count as in *connect time*, of which this is the latter part.

    Catches:  a validation of tokens that is slow or stands in a queue.
    Blind to: what a platform does before it answers the upgrade.
    """
    return judged(run, "authenticated", authentications(run.history))
