"""Tabs: one principal has two sessions, each in a conversation of its own, and asks in both.

What it told in the one must not stand in the other where the plan says so; and the
platform must not mix up two sessions of the same user with anybody else's.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig
from locustfiles.driving.session import Session


def ask_in_two_tabs(rig: Rig) -> None:
    """Have one principal ask in two sessions at once."""
    every = provoking.every(rig.plan, "tabs")
    if not every:
        return
    actor = Actor(rig, "tabs")
    second: Session | None = None
    for turn in itertools.count():
        gevent.sleep(every)
        first = actor.session()
        if second is None or not second.is_open:
            second = Session(rig, actor.principal)
            if not second.open():
                continue
        rig.recorder.note("provocations", kind="tabs", principal=actor.principal.id)
        asked = []
        for place, tab in enumerate((first, second)):
            asked.append(tab.ask(actor.question(), actor.label(f"{place}/{turn // 5}"), turn % 5))
        for query in asked:
            query.done.wait()
