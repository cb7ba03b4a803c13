"""The departed: they ask, log out while others go on, and never come back.

What a platform keeps of them, a conversation, a memory, a place in a list of sockets, must
reach nobody who comes later.
"""

from __future__ import annotations

import gevent

from isolation_checks.plan import provoking
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig
from locustfiles.driving.tokens import Http

TURNS = 2
"""Queries that each asks before it goes."""


def leave_for_good(rig: Rig) -> None:
    """Have one principal after another come, ask, log out where that can be done, and go."""
    every = provoking.every(rig.plan, "depart")
    if not every:
        return
    auth, target = rig.plan.auth, rig.plan.target
    by_code = auth.oauth2 is not None and auth.oauth2.grant == "authorization_code"
    own = auth.source == "login" or by_code  # other logins are not ours to end
    for _ in range(rig.plan.cast.departed):
        gevent.sleep(every)
        actor = Actor(rig, "departed")
        session = actor.session()
        for turn in range(TURNS):
            session.ask(actor.question(), actor.label(0), turn).done.wait()
        rig.recorder.note(
            "provocations", kind="depart", principal=actor.principal.id, session=session.id
        )
        actor.leave()
        if own and auth.logout is not None and actor.principal.access is not None:
            base = target.auth or target.http
            service = Http(base, rig.words, insecure=target.insecure_tls)
            actor.call(auth.logout, http=service)
