"""Reads of another's conversation: a reader asks for what a decoy told the platform.

Only conversations of this run's own decoys are asked for, by every way of reading
that the dialect knows.  What comes back is recorded like any frame.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import gevent

from isolation_checks.plan import provoking
from isolation_checks.records import ConversationLabel
from locustfiles.driving import wording
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig


def read_anothers_conversation(rig: Rig) -> None:
    """Have a reader ask for decoys' conversations."""
    every = provoking.every(rig.plan, "read")
    if not every:
        return
    calls = rig.plan.dialect.read_conversation_http if rig.plan.target.http else ()
    reader = Actor(rig, "reader")
    decoys = [Actor(rig, "decoy") for _ in range(rig.plan.cast.decoys)]
    for decoy, conversation in _conversations(rig, decoys):
        rig.recorder.note(
            "provocations",
            kind="read",
            principal=reader.principal.id,
            other=decoy.principal.id,
            detail=conversation,
        )
        _over_websocket(rig, reader, conversation)
        for call in calls:
            reader.call(call, conversation=conversation)
        gevent.sleep(every)


def _conversations(rig: Rig, decoys: list[Actor]) -> Iterator[tuple[Actor, str]]:
    """Conversations of the decoys, a new one now and then, each told a word of its own."""
    for turn in itertools.count():
        for decoy in decoys:
            label = ConversationLabel(f"{decoy.principal.id}/{turn // 5}")
            if turn % 5 == 0:
                canary = rig.roster.canary(decoy.principal)
                told = wording.question(decoy.principal, canary, rig.plan.workload.words)
                decoy.session().ask(told, label, 0).done.wait()
            conversation = decoy.principal.conversations.get(label)
            if conversation is None:
                gevent.sleep(float(rig.plan.provocations.read))
                continue
            yield decoy, conversation


def _over_websocket(rig: Rig, reader: Actor, conversation: str) -> None:
    names = {
        "conversation": conversation,
        "query": rig.query_id(),
        "subject": reader.principal.subject,
        "now": time.time(),
    }
    session = reader.session()
    for content in rig.dialect.read_conversation(names):
        session.send(content)
