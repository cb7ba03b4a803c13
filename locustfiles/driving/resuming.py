"""How a session is taken up again whose connection was lost, in the platform's own words.

What was asked over the old connection is waited for on the new one.  The old one is
dropped by us, without a word, as a network would.
"""

from __future__ import annotations

import time
from typing import Any

import gevent

from isolation_checks.dialects import template
from isolation_checks.dialects.framing import said
from isolation_checks.plan.tables.dialect import Resume
from isolation_checks.records import Ending, Reason
from locustfiles.driving.session import Session
from locustfiles.driving.tokens import token_names


def taken_up(lost: Session, gone_s: float = 0.0) -> Session | None:
    """Drop a session's connection and take the session up on a new one, so long behind it.

    None where the platform does not let us in again, or never said what the session is called.
    """
    rig, resume = lost.rig, lost.rig.plan.dialect.resume
    assert resume is not None  # whoever has none asks for no such thing
    names = _names(lost, resume)
    if names["session"] is None:
        lost.abort()
        return None
    behind = Session(rig, lost.principal, lost.correlator)
    waited_for = [query for query in rig.open.values() if query.session is lost]
    for query in waited_for:
        query.session = behind
    lost.abort()
    gevent.sleep(gone_s)
    behind.step("resumes", detail=str(lost.id))
    behind.query = {key: str(template.fill(value, names)) for key, value in resume.query.items()}
    if behind.open():
        if resume.message is not None:
            names |= {"query": rig.query_id(), "now": time.time()}
            names |= token_names(behind.principal.access or "")
            behind.send(rig.framing.sealed(template.fill(resume.message, {**rig.words, **names})))
        return behind
    for query in waited_for:
        rig.end(query, Ending.INFO, Reason.GIVEN_UP)
    return None


def _names(lost: Session, resume: Resume) -> dict[str, Any]:
    """What the messages that resume may refer to."""
    framing = lost.rig.framing
    first, last = lost.hearing.first, lost.hearing.last
    return {
        "session": said(framing, first, resume.session),
        "ticket": said(framing, first, resume.ticket),
        "sequence": None if last is None else lost.rig.dialect.read(last).sequence,
        "subject": lost.principal.subject,
        "now": time.time(),
    }
