"""Storms: all users of a process lose their connections at once, and all come back at once.

So it is behind every restart of a proxy.  How long these connects took says as much of our
own queue as of the platform's, and no objective counts them.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent

from isolation_checks.plan import provoking
from locustfiles.driving.rig import Rig
from locustfiles.driving.session import Session

LONGEST_SECONDS = 5.0
"""So long a storm lasts at most; whoever is not back by then comes back in the calm."""


def come_back_all_at_once(rig: Rig) -> None:
    """Drop the connections of all ordinary users, and have them all connect again."""
    every = provoking.every(rig.plan, "storm")
    if not every:
        return
    while True:
        moment = str(rig.meet("storm", every))
        held = [each for each in rig.sessions.values() if isinstance(each, Session)]
        lost = [(each, each.back) for each in held if each.back is not None and each.is_open]
        for session, _ in lost:
            rig.recorder.note(
                "provocations",
                kind="storm",
                principal=session.principal.id,
                session=session.id,
                detail=moment,
            )
        rig.storming = True
        try:
            for session, _ in lost:
                session.abort()
            returning = [gevent.spawn(_guarded, rig, back) for _, back in lost]
            gevent.joinall(returning, timeout=LONGEST_SECONDS)
        finally:
            rig.storming = False


def _guarded(rig: Rig, back: Callable[[], object]) -> None:
    try:
        back()
    except Exception as error:  # noqa: BLE001 - it would be printed, and the run go on
        rig.on_broken(error)
