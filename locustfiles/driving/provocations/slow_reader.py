"""Slow readers: a session is not read for a while, and its answers wait at the platform.

What the kernels between us do not take waits in the platform's own buffers, and what it does
with these it does while it serves everybody else.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from isolation_checks.records import Kind
from locustfiles.driving import wording
from locustfiles.driving.provocations.sizes import longest
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig
from locustfiles.driving.session import Session

DEAF_SECONDS = 1.5
AT_ONCE = 3


def read_late(rig: Rig) -> None:
    """Have a principal ask at length, several at once, and not read what comes for a while."""
    every = provoking.every(rig.plan, "slow_reader")
    if not every:
        return
    actor = Actor(rig, "idler")
    tabs = min(AT_ONCE, rig.plan.workload.concurrent)
    for turn in itertools.count():
        gevent.sleep(every)
        session = Session(rig, actor.principal)
        if not session.open():
            continue
        rig.recorder.note(
            "provocations", kind="slow_reader", principal=actor.principal.id, session=session.id
        )
        session.deafen(DEAF_SECONDS)
        asked = []
        for tab in range(tabs):
            canary = rig.roster.canary(actor.principal)
            words = wording.at_length(actor.principal, canary, longest(rig.plan), Kind.READ_LATE)
            asked.append(session.ask(words, actor.label(f"{tab}/{turn}"), 0))
        for query in asked:
            query.done.wait()
        session.close()
