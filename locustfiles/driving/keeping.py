"""What keeps an open session going: signs of life, and a token that is renewed in time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from locustfiles.driving.tokens import AuthError, names_of

if TYPE_CHECKING:
    from locustfiles.driving.session import Session

KEEP_SECONDS = 1.0
"""How often a session looks whether it must say that it is alive, or renew its token."""


def keep(session: Session, token: str) -> None:
    """Keep a session going until it is closed; it goes by this token until there is a fresh one."""
    try:
        _keep(session, token)
    except Exception as error:  # noqa: BLE001 - it would be printed, and the run go on
        session.rig.on_broken(error)


def _keep(session: Session, token: str) -> None:
    rig, principal = session.rig, session.principal
    alive = rig.plan.dialect.alive
    next_s = time.monotonic() + float(alive.every) if alive else None
    while not session.closed.wait(KEEP_SECONDS):
        names = rig.words | names_of(principal, rig.run) | {"session": str(session.id)}
        if next_s is not None and alive is not None and time.monotonic() >= next_s:
            next_s += float(alive.every)
            session.send_if_any(rig.dialect.alive(names))
        if session.shown is not None:
            continue
        try:
            rig.tokens.renew(principal)
        except AuthError as error:
            session.step("refresh failed", detail=str(error))
            continue
        if principal.access is not None and principal.access != token:
            token = principal.access
            session.send_if_any(rig.dialect.renew(rig.words | names_of(principal, rig.run)))
            session.step("refreshed")
