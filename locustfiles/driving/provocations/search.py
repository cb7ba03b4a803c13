"""Phantoms: they have put documents into the platform and never connect; others search for them.

A phantom's words are in no question and in nobody's conversation.  Where they show, they
came out of the store, to somebody who may see them or to somebody who may not.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import gevent

from isolation_checks.plan import provoking
from isolation_checks.plan.tables.workload import Seed
from isolation_checks.records import PrincipalId
from locustfiles.driving import wording
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Query, Rig
from locustfiles.driving.tokens import AuthError

SEEKERS = 2
TURNS = 5
"""Queries in one conversation."""
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A document of a phantom's: whose, its title, and how one asks for it."""

    phantom: PrincipalId
    title: str
    ask: str


def search_for_a_phantoms(rig: Rig) -> None:
    """Have phantoms put documents there, and seekers search for them."""
    every = provoking.every(rig.plan, "search")
    if not every:
        return
    phantoms = [Actor(rig, "phantom") for _ in range(rig.plan.cast.phantoms)]
    hidden = [h for p in phantoms for seed in rig.plan.workload.seeds for h in _hide(rig, p, seed)]
    seekers = [Actor(rig, "seeker") for _ in range(SEEKERS)]
    for turn in itertools.count():
        gevent.sleep(every if hidden else PATIENCE_SECONDS)
        asked: list[Query] = []
        for seeker, one in zip(seekers, _from(hidden, turn), strict=False):
            rig.recorder.note(
                "provocations", kind="search", principal=seeker.principal.id, other=one.phantom
            )
            canary = rig.roster.canary(seeker.principal)
            words = wording.searching(one.title, one.ask, canary)
            asked.append(seeker.session().ask(words, seeker.label(turn // TURNS), turn % TURNS))
        for query in asked:
            query.done.wait()


def _from(hidden: list[Hidden], turn: int) -> list[Hidden]:
    """As many as there are seekers, others every time, so that each seeks all."""
    return [hidden[(turn + place) % len(hidden)] for place in range(SEEKERS)] if hidden else []


def _hide(rig: Rig, phantom: Actor, seed: Seed) -> list[Hidden]:
    """Put a document there; none where the platform would not take it."""
    principal = phantom.principal
    title = " ".join(principal.random.sample(principal.words, 3))
    canary = rig.roster.canary(principal)
    text = f"{title}. The reference of this document is {canary}."
    try:
        rig.tokens.token(principal)
    except AuthError as error:
        rig.report("set-up", 0.0, 0, str(error))
        return []
    rig.introduce(principal)
    planted = {"canary": canary, "kind": "token", "principal": principal.id, "place": "document"}
    rig.recorder.plant([planted])
    taken = phantom.call(seed.call, title=title, text=text)
    return [Hidden(phantom=principal.id, title=title, ask=seed.ask)] if taken else []
