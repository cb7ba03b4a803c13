"""Equal ids: two principals each ask a query that the platform is told the same id of.

Ids that clients choose are unique to a client at best: a platform that finds its way by
them alone takes the one's answer for the other's.
"""

from __future__ import annotations

import itertools

from isolation_checks.plan import provoking
from isolation_checks.records import Kind
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig

TURNS = 5
"""Queries in one conversation."""
PATIENCE_SECONDS = 2.0
"""How long an answer that went astray keeps the next two from being asked."""


def ask_under_one_id(rig: Rig) -> None:
    """Have two principals ask at once under one id, again and again."""
    every = provoking.every(rig.plan, "same_id")
    if not every:
        return
    pair = [Actor(rig, "namesake") for _ in range(2)]
    first, second = (actor.principal.id for actor in pair)
    for turn in itertools.count():
        moment = rig.meet("same_id", every)
        named = rig.query_id_for(f"same id/{moment}")
        rig.recorder.note(
            "provocations", kind="same_id", principal=first, other=second, detail=named
        )
        asked = [
            actor.session().ask(
                actor.question(Kind.SAME_ID),
                actor.label(turn // TURNS),
                turn % TURNS,
                named=named,
            )
            for actor in pair
        ]
        for query in asked:
            query.done.wait(PATIENCE_SECONDS)
