"""Churn: one principal connects and leaves, again and again, with a goodbye and without.

A place that is not given back when a session ends is missing after so many of them.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig


def come_and_go(rig: Rig) -> None:
    """Have one principal connect and leave, by turns politely and without a word."""
    every = provoking.every(rig.plan, "churn")
    if not every:
        return
    actor = Actor(rig, "commuter")
    for turn in itertools.count():
        gevent.sleep(every)
        rig.recorder.note("provocations", kind="churn", principal=actor.principal.id)
        if not actor.try_once():
            continue
        if turn % 2:
            actor.leave()
        else:
            actor.drop()
