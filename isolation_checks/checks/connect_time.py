"""Whether sessions could be used in time."""

from __future__ import annotations

from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import Samples, asked_in, judged
from isolation_checks.loading.run import Run


@check(
    asks="Could sessions be used in time, counted from when they were due?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "connect"),
)
def connect_time(run: Run) -> Outcome:
    """From due to ready: TCP, upgrade, and the platform's word that it knows who we are.

    A session that failed counts as longer than it lasted.

    Catches:  connect_stall.
    Blind to: registering and logging in, which are set-up.
    """
    finished, unfinished = [], []
    for session in run.history.sessions.values():
        if session.channel != "websocket" or session.due_s is None:
            continue
        if session.ready_s is not None:
            finished.append(session.ready_s - session.due_s)
        elif session.failed is not None and session.closed_s is not None:
            unfinished.append(session.closed_s - session.due_s)
    return judged(run, "connect", Samples(finished=finished, unfinished=unfinished))
