"""Twins: word for word the same question at the same moment, and once more behind it.

Their canaries lie in what each told the platform before, so that an answer that was
made for the one and given to the other shows.  The twins of all processes ask together.
"""

from __future__ import annotations

import itertools

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
        conversation, place = divmod(turn, REMIND_EVERY)
        labels = [twin.label(conversation) for twin in twins]
        if place == 0:
            _remind(rig, twins, labels)
        sessions = [twin.session() for twin in twins]
        moment = rig.meet("twins", every)
        first, second = (twin.principal.id for twin in twins)
        rig.recorder.note(
            "provocations", kind="twins", principal=first, other=second, detail=str(moment)
        )
        same = wording.recall(f"(moment {moment})")
        asked = [
            session.ask(same, label, place + 1)
            for session, label in zip(sessions, labels, strict=True)
        ]
        asked[0].done.wait()
        if rig.plan.workload.concurrent == 1:  # the platform takes one query at a time
            asked[1].done.wait()
        sessions[1].ask(same, labels[1], place + 1).done.wait()
        asked[1].done.wait()


def _remind(rig: Rig, twins: list[Actor], labels: list[ConversationLabel]) -> None:
    """Have each tell the platform a word of its own."""
    told = [
        twin.session().ask(
            wording.remember(twin.principal, rig.roster.canary(twin.principal)), label, 0
        )
        for twin, label in zip(twins, labels, strict=True)
    ]
    for query in told:
        query.done.wait()
