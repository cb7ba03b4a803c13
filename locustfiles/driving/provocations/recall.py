"""Recalls: somebody tells the platform something in one session and asks for it in a new one.

What is kept for a user is there wherever the user is served, by whichever worker.
"""

from __future__ import annotations

import itertools

import gevent
from gevent.pool import Group

from isolation_checks.plan import provoking
from locustfiles.driving import wording
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig
from locustfiles.driving.session import Session

ACTORS = 2
ELSEWHERE = 2
"""In how many new sessions each of them asks: one may be served where the first was."""


def recall_elsewhere(rig: Rig) -> None:
    """Have principals tell, and recall in sessions and conversations of their own."""
    every = provoking.every(rig.plan, "recall")
    if not every:
        return
    actors = [Actor(rig, "teller") for _ in range(ACTORS)]
    for turn in itertools.count():
        gevent.sleep(every)
        told = []
        for actor in actors:
            said = wording.remember(actor.principal, rig.roster.canary(actor.principal))
            told.append(actor.session().ask(said, actor.label(f"told/{turn}"), 0))
        for query in told:
            query.done.wait()
        recalling = Group()
        try:
            for actor in actors:
                for place in range(ELSEWHERE):
                    recalling.spawn(_recalled, rig, actor, f"recalled/{turn}.{place}")
            recalling.join(raise_error=True)
        finally:
            recalling.kill(block=False)


def _recalled(rig: Rig, actor: Actor, label: str) -> None:
    """Ask in a new session for what was told in another."""
    elsewhere = Session(rig, actor.principal)
    if not elsewhere.open():
        return
    rig.recorder.note("provocations", kind="recall", principal=actor.principal.id)
    elsewhere.ask(wording.recall(), actor.label(label), 0).done.wait()
    elsewhere.close()
