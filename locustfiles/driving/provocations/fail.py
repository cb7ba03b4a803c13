"""Failing queries: ones that the platform cannot answer, while others ask what it can.

What it says of the failure, and what it keeps of the query, must be its asker's alone.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from isolation_checks.records import Kind
from locustfiles.driving import wording
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Query, Rig

ACTORS = 2
AT_ONCE = 2


def fail_on_purpose(rig: Rig) -> None:
    """Have principals ask what makes the platform fail, several at once."""
    every = provoking.every(rig.plan, "fail")
    if not every:
        return
    actors = [Actor(rig, "stumbler") for _ in range(ACTORS)]
    texts = itertools.cycle(rig.plan.workload.failing)
    for turn in itertools.count():
        gevent.sleep(every)
        asked: list[Query] = []
        for actor in actors:
            session = actor.session()
            rig.recorder.note("provocations", kind="fail", principal=actor.principal.id)
            for tab in range(min(AT_ONCE, rig.plan.workload.concurrent)):
                words = wording.in_words(
                    rig.roster.canary(actor.principal), next(texts), Kind.FAILING
                )
                asked.append(session.ask(words, actor.label(f"{tab}/{turn}"), 0))
        for query in asked:
            query.done.wait()
