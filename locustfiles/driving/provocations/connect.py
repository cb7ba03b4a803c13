"""Visitors: they connect while somebody else's answer is under way, and leave again."""

from __future__ import annotations

import time

import gevent

from isolation_checks.plan import provoking
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Query, Rig

STAY_SECONDS = 0.4
LOOK_SECONDS = 0.01
BEGUN_NS = 20_000_000
"""After so long the platform is taken to be at work, though it shows nothing before its end."""


def connect_during_an_answer(rig: Rig) -> None:
    """Have visitors connect in the middle of an answer, one after another."""
    every = provoking.every(rig.plan, "connect")
    if not every:
        return
    visitors = [Actor(rig, "visitor") for _ in range(rig.plan.cast.visitors)]
    while True:
        for visitor in visitors:
            gevent.sleep(every)
            if visitor.principal.access is None:  # its first time: an account first
                visitor.session()
                visitor.leave()
            answered = _under_way(rig)
            rig.recorder.note(
                "provocations",
                kind="connect",
                principal=visitor.principal.id,
                other=answered.session.principal.id,
                detail=answered.id,
            )
            visitor.session().closed.wait(STAY_SECONDS)
            visitor.leave()


def _under_way(rig: Rig) -> Query:
    """Wait for a query whose answer has begun, or must have, and has not ended."""
    while True:
        begun_ns = time.monotonic_ns() - BEGUN_NS
        for query in list(rig.open.values()):
            if query.first_ns is not None or 0 < query.sent_ns < begun_ns:
                return query
        gevent.sleep(LOOK_SECONDS)
