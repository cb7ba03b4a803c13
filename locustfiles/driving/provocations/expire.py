"""Expiries: a session's token runs out while it is in use, and nobody renews it.

What a platform does with the answer that is under way is its own affair; what it does with
the socket, and with whoever comes behind, must concern nobody else.
"""

from __future__ import annotations

import itertools
import time

import gevent

from isolation_checks.plan import provoking
from isolation_checks.plan.units import Secret
from isolation_checks.records import Kind
from locustfiles.driving.principals import Principal
from locustfiles.driving.probes import forging
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig
from locustfiles.driving.session import Session

LIFE_SECONDS = 2.0
"""How long the token holds, cut down to whole seconds of the clock."""
BEHIND_SECONDS = 1.0
"""For how long behind its end there is asked."""


def let_a_token_run_out(rig: Rig) -> None:
    """Have a principal ask on until its token has run out, and come back with a good one."""
    every = provoking.every(rig.plan, "expire")
    if not every:
        return
    actor = Actor(rig, "expirer")
    for turn in itertools.count():
        gevent.sleep(every)
        actor.session()  # it has an account, and a token to make a short one from
        actor.leave()
        try:
            token = _short(rig, actor.principal)
        except forging.CannotBeMadeError as error:
            rig.report("set-up", 0.0, 0, str(error))
            return
        session = Session(rig, actor.principal)
        session.shown = token
        ends_s = time.monotonic() + LIFE_SECONDS
        if not session.open():
            rig.report("set-up", 0.0, 0, "no session with a token of our making")
            return
        rig.recorder.note(
            "provocations", kind="expire", principal=actor.principal.id, session=session.id
        )
        for place in itertools.count():
            if not session.is_open or time.monotonic() > ends_s + BEHIND_SECONDS:
                break
            label = actor.label(f"{turn}/short")
            session.ask(actor.question(Kind.OUTLIVED), label, place).done.wait()
        session.close()
        actor.session().ask(actor.question(), actor.label(turn), 0).done.wait()


def _short(rig: Rig, principal: Principal) -> str:
    """A token of the principal's that soon runs out, by the platform's own key."""
    auth, probes = rig.plan.auth, rig.plan.probes
    minted = auth.source == "mint"
    key = auth.secret if minted else probes.key
    assert key is not None  # else the plan asks for no such thing
    assert principal.access is not None
    algorithm = auth.algorithm if minted else probes.algorithm
    model = forging.model_of(principal.access, key=Secret(key).value(), algorithm=algorithm)
    token = model.minted(time.time(), life_s=LIFE_SECONDS)
    rig.credentials.know(token, principal.id)
    return token
