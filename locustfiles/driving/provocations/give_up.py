"""Impatience: somebody stops waiting for an answer, says nothing, and asks something else.

The platform does not know: what it still says of the one comes while it answers the other.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from isolation_checks.records import Ending, Kind, Reason
from locustfiles.driving import wording
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig


def stop_waiting(rig: Rig) -> None:
    """Have a principal give up waiting and ask the next on the same session, again and again."""
    every = provoking.every(rig.plan, "give_up")
    if not every:
        return
    actor = Actor(rig, "hasty")
    texts = itertools.cycle(rig.plan.workload.slow)
    for turn in itertools.count():
        gevent.sleep(every)
        session = actor.session()
        words = actor.question(Kind.IMPATIENT)
        if rig.plan.workload.slow:
            words = wording.in_words(
                rig.roster.canary(actor.principal), next(texts), Kind.IMPATIENT
            )
        query = session.ask(words, actor.label(f"{turn}/given up"), 0)
        query.done.wait(rig.phases.moment(actor.principal.random))
        if not query.done.is_set():
            rig.recorder.note(
                "provocations",
                kind="give_up",
                principal=actor.principal.id,
                session=session.id,
                detail=query.id,
            )
            rig.end(query, Ending.INFO, Reason.GIVEN_UP)
        session.ask(actor.question(), actor.label(turn), 0).done.wait()
