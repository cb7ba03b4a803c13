"""Bursts: several principals connect in the same moment, as after an outage."""

from __future__ import annotations

import gevent
from gevent.pool import Group

from isolation_checks.plan import provoking
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig

STAY_SECONDS = 0.5


def connect_in_a_burst(rig: Rig) -> None:
    """Have several principals connect at once, stay a little, and leave."""
    every = provoking.every(rig.plan, "burst")
    if not every:
        return
    actors = [Actor(rig, "crowd") for _ in range(rig.plan.cast.burst)]
    while True:
        moment = str(rig.meet("burst", every))
        for actor in actors:
            rig.recorder.note(
                "provocations", kind="burst", principal=actor.principal.id, detail=moment
            )
        connecting = Group()
        try:
            for actor in actors:
                connecting.spawn(actor.session)
            connecting.join(raise_error=True)
        finally:
            connecting.kill(block=False)
        gevent.sleep(STAY_SECONDS)
        for actor in actors:
            actor.leave()
