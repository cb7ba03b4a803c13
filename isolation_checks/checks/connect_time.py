"""Whether sessions could be used in time."""

from __future__ import annotations

import dataclasses
import math

from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import Samples, asked_in, judged
from isolation_checks.loading.run import Run
from isolation_checks.records import ProcessId


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
    limits = [o.limit for o in run.history.plan.objectives if o.indicator == "connect"]
    ends = _ends(run)
    finished, unfinished, apart = [], [], 0
    for session in run.history.sessions.values():
        if session.channel != "websocket" or session.due_s is None:
            continue
        over_s = session.closed_s if session.closed_s is not None else ends[session.process]
        if session.ready_s is not None:
            finished.append(session.ready_s - session.due_s)
        elif session.failed is not None or over_s - session.due_s > min(limits, default=0.0):
            unfinished.append(over_s - session.due_s)
        else:
            apart += 1
    outcome = judged(run, "connect", Samples(finished=finished, unfinished=unfinished))
    note = f"{apart} were opening when they were given up, and are counted apart" if apart else ""
    return dataclasses.replace(outcome, note=note)


def _ends(run: Run) -> dict[ProcessId, float]:
    """The last moment of which each process wrote anything down."""
    ends = {process.id: -math.inf for process in run.history.processes}
    for session in run.history.sessions.values():
        for at_s in (session.opening_s, session.ready_s, session.closed_s):
            if at_s is not None:
                ends[session.process] = max(at_s, ends[session.process])
    for second in run.history.health:
        ends[second.process] = max(second.at_s, ends[second.process])
    return ends
