"""Resumed sessions: connections are lost in mid-answer, and the sessions are taken up again.

What a platform then sends again, and what it still has to say, must be the client's own,
and all of it, and nothing twice where it promises so.
"""

from __future__ import annotations

import itertools
import time

import gevent
from gevent.pool import Group

from isolation_checks.plan import provoking
from isolation_checks.records import Kind
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Query, Rig

ACTORS = 2
GONE_SECONDS = 0.5
"""Somebody is back between at once and this long behind the loss: what was said meanwhile is
what must be sent again."""
LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 2.0
"""How long an answer that went astray keeps the next from being asked."""
LOSSES = 3
"""So often a session loses its connection before a new one is begun."""


def resume_an_answer(rig: Rig) -> None:
    """Have principals lose their connections and resume, several at nearly the same moment."""
    every = provoking.every(rig.plan, "resume")
    if not every:
        return
    actors = [Actor(rig, "resumer") for _ in range(ACTORS)]
    for turn in itertools.count():
        gevent.sleep(every)
        resuming = Group()
        try:
            for actor in actors:
                resuming.spawn(_resumed, rig, actor, turn)
            resuming.join(raise_error=True)
        finally:
            resuming.kill(block=False)


def _resumed(rig: Rig, actor: Actor, turn: int) -> None:
    session = actor.session()
    query = session.ask(actor.question(Kind.RESUMED), actor.label(turn), 0)
    _wait_for_its_beginning(query)
    behind_s = (time.monotonic_ns() - query.sent_ns) / 1e9
    gevent.sleep(rig.phases.moment(actor.principal.random, behind_s))
    if not query.done.is_set():  # it was fast: there is no middle of it any more
        rig.recorder.note(
            "provocations",
            kind="resume",
            principal=actor.principal.id,
            session=session.id,
            detail=query.id,
        )
        actor.resume(actor.principal.random.uniform(0.0, GONE_SECONDS))
        alone = rig.plan.workload.concurrent == 1  # the platform takes one query at a time
        query.done.wait(None if alone else PATIENCE_SECONDS)
    if query.done.is_set() and turn % LOSSES == LOSSES - 1:
        actor.leave()


def _wait_for_its_beginning(query: Query) -> None:
    """What was not yet heard when the connection broke may be lost by right."""
    while query.first_ns is None and not query.done.is_set():
        gevent.sleep(LOOK_SECONDS)
