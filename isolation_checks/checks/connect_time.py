"""Whether sessions could be used in time."""

from __future__ import annotations

from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in, judged
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import connects


@check(
    asks="Could sessions be used in time, counted from when they were due?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "connect"),
)
def connect_time(run: Run) -> Outcome:
    """From due to ready: TCP, upgrade, and the platform's word that it knows who we are.

    A session that failed counts as longer than it lasted.  One that was opening when the run
    ended, or that we gave up, counts only if it had already taken longer than the limit.

    Catches:  connect_stall.
    Blind to: registering and logging in, which are set-up.
    """
    return judged(run, "connect", connects(run.history))
