"""Refreshes: two principals exchange their tokens at once, connect with what they got, and ask.

Whoever a new token speaks for must be who the old one spoke for.
"""

from __future__ import annotations

import itertools

import gevent
from gevent.pool import Group

from isolation_checks.plan import provoking
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig
from locustfiles.driving.tokens import AuthError


def refresh_at_once(rig: Rig) -> None:
    """Have principals refresh their tokens in the same moment, and come back with them."""
    every = provoking.every(rig.plan, "refresh")
    if not every:
        return
    pair = [Actor(rig, "refresher") for _ in range(2)]
    for actor in pair:
        actor.session()
    first, second = (actor.principal.id for actor in pair)
    for turn in itertools.count():
        gevent.sleep(every)
        rig.recorder.note("provocations", kind="refresh", principal=first, other=second)
        refreshing = Group()
        try:
            for actor in pair:
                refreshing.spawn(_refreshed, rig, actor)
            refreshing.join(raise_error=True)
        finally:
            refreshing.kill(block=False)
        for actor in pair:
            actor.leave()
        asked = [actor.session().ask(actor.question(), actor.label(turn), 0) for actor in pair]
        for query in asked:
            query.done.wait()


def _refreshed(rig: Rig, actor: Actor) -> None:
    try:
        rig.tokens.refresh(actor.principal)
    except AuthError as error:
        rig.report("set-up", 0.0, 0, str(error))
