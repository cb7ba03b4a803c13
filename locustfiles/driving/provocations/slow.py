"""Slow answers: one asks what takes the platform long, and another comes and asks meanwhile.

The longer an answer is under way, the more can come between its beginning and its end.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from isolation_checks.records import Kind
from locustfiles.driving import wording
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig

LOOK_SECONDS = 0.1


def ask_what_takes_long(rig: Rig) -> None:
    """Have one principal ask what takes long, and another come, ask and go until it is answered."""
    every = provoking.every(rig.plan, "slow")
    if not every:
        return
    asker, passer = Actor(rig, "ponderer"), Actor(rig, "passer-by")
    texts = itertools.cycle(rig.plan.workload.slow)
    for turn in itertools.count():
        gevent.sleep(every)
        words = wording.in_words(rig.roster.canary(asker.principal), next(texts), Kind.SLOW)
        query = asker.session().ask(words, asker.label(turn), 0)
        rig.recorder.note(
            "provocations",
            kind="slow",
            principal=asker.principal.id,
            other=passer.principal.id,
            detail=query.id,
        )
        for time in itertools.count():
            if query.done.wait(LOOK_SECONDS):
                break
            passer.session().ask(passer.question(), passer.label(f"{turn}/{time}"), 0).done.wait()
            passer.leave()
