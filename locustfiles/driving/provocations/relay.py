"""Relays: one asks, is answered and goes, and when it is gone the next one comes and asks.

They never overlap: what was not cleared behind the one is what the other finds.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig

GONE_SECONDS = 2.0
"""How long the goodbye of the one may keep the other from coming, at most."""


def come_behind_another(rig: Rig) -> None:
    """Have two principals come by turns, each when the other has gone."""
    every = provoking.every(rig.plan, "relay")
    if not every:
        return
    pair = [Actor(rig, "runner"), Actor(rig, "runner")]
    for turn in itertools.count():
        gevent.sleep(every)
        first, behind = pair if turn % 2 else pair[::-1]
        before = first.session()
        before.ask(first.question(), first.label(turn), 0).done.wait()
        first.leave()
        before.closed.wait(GONE_SECONDS)
        rig.recorder.note(
            "provocations", kind="relay", principal=behind.principal.id, other=first.principal.id
        )
        behind.session().ask(behind.question(), behind.label(turn), 0).done.wait()
        behind.leave()
