"""Reconnects: a session is dropped in mid-answer, and its principal is back at once.

What the platform then sends it again, or has kept for it, must be its own.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig

LISTEN_SECONDS = 0.5
ACTORS = 2


def reconnect_during_an_answer(rig: Rig) -> None:
    """Have principals drop their sessions and come back, several at nearly the same moment."""
    every = provoking.every(rig.plan, "reconnect")
    if not every:
        return
    actors = [Actor(rig, "returner") for _ in range(ACTORS)]
    for turn in itertools.count():
        gevent.sleep(every)
        for actor in actors:
            actor.session().ask(actor.question(), actor.label(turn), 0)
        gevent.sleep(rig.phases.moment(actors[0].principal.random))
        for actor in actors:
            rig.recorder.note("provocations", kind="reconnect", principal=actor.principal.id)
            actor.drop()
        for actor in actors:
            actor.session().closed.wait(LISTEN_SECONDS / ACTORS)
