"""Colliders: principals whose names begin alike ask questions that begin alike, at once.

Keys that are cut short, or that fold case, then meet: of users, rooms and cached answers.
Of the three two are called alike to the letter, so that keys which keep case meet too.
"""

from __future__ import annotations

import itertools

from isolation_checks.plan import provoking
from locustfiles.driving import wording
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig

TURNS = 5
"""Queries in one conversation."""


def ask_nearly_the_same(rig: Rig) -> None:
    """Have two of three who are nearly called the same ask nearly the same, again and again."""
    every = provoking.every(rig.plan, "alike")
    if not every:
        return
    actors = [Actor(rig, "collider", alike=True) for _ in range(3)]
    pairs = itertools.cycle(itertools.combinations(actors, 2))
    for turn, pair in enumerate(pairs):
        moment = rig.meet("alike", every)
        first, second = (actor.principal.id for actor in pair)
        rig.recorder.note(
            "provocations", kind="alike", principal=first, other=second, detail=str(moment)
        )
        asked = []
        for actor in pair:
            words = wording.alike(actor.principal, rig.roster.canary(actor.principal))
            asked.append(actor.session().ask(words, actor.label(turn // TURNS), turn % TURNS))
        for query in asked:
            query.done.wait()
