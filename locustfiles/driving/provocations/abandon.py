"""Abandoned answers: a session is dropped in mid-answer, and somebody else asks at once.

What was left over then meets whoever comes next.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig


def abandon_an_answer(rig: Rig) -> None:
    """Have one principal drop its answer and another ask behind it, by turns."""
    every = provoking.every(rig.plan, "abandon")
    if not every:
        return
    pair = [Actor(rig, "leaver"), Actor(rig, "follower")]
    for turn in itertools.count():
        gevent.sleep(every)
        leaver, follower = pair if turn % 2 else pair[::-1]
        behind, left = follower.session(), leaver.session()
        left.ask(leaver.question(), leaver.label(turn), 0)
        gevent.sleep(rig.phases.moment(leaver.principal.random))
        rig.recorder.note(
            "provocations",
            kind="abandon",
            principal=leaver.principal.id,
            other=follower.principal.id,
            session=left.id,
        )
        left.abort()
        behind.ask(follower.question(), follower.label(turn), 0).done.wait()
