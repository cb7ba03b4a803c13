"""Logouts: somebody logs out in the middle of an answer, and comes back by a new login.

What is still said then must be said to nobody else.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from isolation_checks.records import Kind
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig
from locustfiles.driving.tokens import Http


def log_out_during_an_answer(rig: Rig) -> None:
    """Have a principal log out in mid-answer, ask all the same, and log in again."""
    every = provoking.every(rig.plan, "logout")
    if not every:
        return
    plan, actor = rig.plan, Actor(rig, "quitter")
    assert plan.auth.logout is not None
    service = plan.target.auth or plan.target.http
    http = Http(service, rig.words, insecure=plan.target.insecure_tls)
    for turn in itertools.count():
        gevent.sleep(every)
        session, who = actor.session(), actor.principal
        session.shown = who.access  # a token that is about to end is not renewed
        query = session.ask(actor.question(Kind.OUTLIVED), actor.label(turn), 0)
        gevent.sleep(rig.phases.moment(who.random))
        rig.recorder.note(
            "provocations", kind="logout", principal=who.id, session=session.id, detail=query.id
        )
        actor.call(plan.auth.logout, http=http)
        who.access = who.refresh = who.expires_s = who.lifetime_s = None
        query.done.wait()
        if session.is_open:
            session.ask(actor.question(Kind.OUTLIVED), actor.label(turn), 1).done.wait()
        actor.leave()
