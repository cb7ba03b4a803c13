"""Cancelled answers: queries are taken back at a random moment, and others ask at once behind.

What a query that was cut off leaves behind, such as a reply on a pooled connection or an
agent that talks on, then meets whoever comes next.
"""

from __future__ import annotations

import itertools

import gevent
from gevent.pool import Group

from isolation_checks.plan import provoking
from isolation_checks.records import Kind
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig

PAIRS = 2
"""They act side by side, each so much more seldom: who follows up waits for its answer."""
AT_ONCE = 3
TURNS = 5
"""Queries in one conversation, so that most of them are follow-ups."""


def cancel_an_answer(rig: Rig) -> None:
    """Have one principal of a pair cancel its queries and the other follow up, by turns."""
    every = provoking.every(rig.plan, "cancel")
    if not every:
        return
    pairs = Group()
    try:
        for _ in range(PAIRS):
            gevent.sleep(every)
            pairs.spawn(_cancel_by_turns, rig, every * PAIRS)
        pairs.join(raise_error=True)
    finally:
        pairs.kill(block=False)


def _cancel_by_turns(rig: Rig, every: float) -> None:
    pair = [Actor(rig, "canceller"), Actor(rig, "canceller")]
    for turn in itertools.count():
        gevent.sleep(every)
        canceller, behind = pair if turn % 2 else pair[::-1]
        session, other = canceller.session(), behind.session()
        tabs = min(AT_ONCE, rig.plan.workload.concurrent)
        asked = [
            session.ask(
                canceller.question(Kind.CANCELLED),
                canceller.label(f"{tab}/{turn // TURNS}"),
                turn % TURNS,
            )
            for tab in range(tabs)
        ]
        moments = sorted(rig.phases.moment(canceller.principal.random) for _ in asked)
        for query, before, moment in zip(asked, (0.0, *moments), moments, strict=False):
            gevent.sleep(moment - before)
            if query.done.is_set():  # it was fast: there is nothing to take back
                continue
            rig.recorder.note(
                "provocations",
                kind="cancel",
                principal=canceller.principal.id,
                other=behind.principal.id,
                session=session.id,
                detail=query.id,
            )
            session.cancel(query)
        other.ask(behind.question(), behind.label(turn // TURNS), turn % TURNS).done.wait()
