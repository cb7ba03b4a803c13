"""Silent observers: connected all the time, they never ask, and should hear nothing."""

from __future__ import annotations

from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig


def observe(rig: Rig) -> None:
    """Keep the plan's number of observers connected."""
    actors = [Actor(rig, "observer") for _ in range(rig.plan.cast.observers)]
    while actors:
        for actor in actors:
            actor.session()
        actors[0].session().closed.wait(1.0)
