"""Sizes: a question as long as the plan allows and one of a single word, by turns.

A buffer that is used again without being cleared still holds the long one's end when the
short one is written into it.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from isolation_checks.plan.model import Plan
from locustfiles.driving import wording
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import ENVELOPE, Query, Rig


def ask_long_and_short(rig: Rig) -> None:
    """Have one principal ask at length and another behind it in one word, by turns."""
    every = provoking.every(rig.plan, "sizes")
    if not every:
        return
    octets = longest(rig.plan)
    pair = [Actor(rig, "talker"), Actor(rig, "talker")]
    for turn in itertools.count():
        gevent.sleep(every)
        long, short = pair if turn % 2 else pair[::-1]
        rig.recorder.note(
            "provocations", kind="sizes", principal=long.principal.id, other=short.principal.id
        )
        canary = rig.roster.canary(long.principal)
        at_length = wording.at_length(long.principal, canary, octets)
        asked: list[Query] = [long.session().ask(at_length, long.label(turn), 0)]
        word = wording.one_word(rig.roster.canary(short.principal))
        asked.append(short.session().ask(word, short.label(turn), 0))
        for query in asked:
            query.done.wait()


def longest(plan: Plan) -> int:
    """How long a question may be: as the plan says, and within what the platform takes."""
    limit = plan.dialect.send_limit
    octets = int(plan.workload.longest)
    return octets if limit is None else min(octets, int(limit) - ENVELOPE)
