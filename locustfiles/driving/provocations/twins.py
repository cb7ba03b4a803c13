"""Twins: word for word the same question at the same moment, and once more behind it.

Their canaries lie in what each told the platform before, so that an answer that was
made for the one and given to the other shows.
"""

from __future__ import annotations

import itertools

import gevent

from isolation_checks.plan import provoking
from isolation_checks.records import ConversationLabel
from locustfiles.driving import wording
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig

REMIND_EVERY = 10
"""Rounds after which a twin tells the platform a new word to remember."""


def ask_as_twins(rig: Rig) -> None:
    """Have two principals ask the same, round after round."""
    every = provoking.every(rig.plan, "twins")
    if not every:
        return
    twins = [Actor(rig, "twin"), Actor(rig, "twin")]
    for turn in itertools.count():
        gevent.sleep(every)
        labels = [
            ConversationLabel(f"{twin.principal.id}/{turn // REMIND_EVERY}") for twin in twins
        ]
        sessions = [twin.session() for twin in twins]
        place = turn % REMIND_EVERY
        if place == 0:
            told = [
                session.ask(
                    wording.remember(twin.principal, rig.roster.canary(twin.principal)), label, 0
                )
                for twin, session, label in zip(twins, sessions, labels, strict=True)
            ]
            for query in told:
                query.done.wait()
            continue
        first, second = (twin.principal.id for twin in twins)
        rig.recorder.note("provocations", kind="twins", principal=first, other=second)
        same = wording.recall(f"(round {rig.slot}.{turn})")
        asked = [
            session.ask(same, label, place) for session, label in zip(sessions, labels, strict=True)
        ]
        asked[0].done.wait()
        if rig.plan.workload.concurrent == 1:  # the platform takes one query at a time
            asked[1].done.wait()
        sessions[1].ask(same, labels[1], place).done.wait()
        asked[1].done.wait()
