"""Whether those who were to take part were there at all."""

from __future__ import annotations

from collections import Counter

from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.records import PrincipalId
from isolation_checks.verdicts.lattice import Verdict

FEW = 0.1
"""Which share of the principals may be missing."""


@check(asks="Did those who were to take part get in at all?", part="evidence")
def everybody_came(run: Run) -> Outcome:
    """Nine of ten principals who tried had a session that they could use.

    Catches:  a platform, or its auth service, that turned users away: those who were never
              there could not bleed, and the few who were had the platform to themselves.
    Blind to: users whom Locust never started.
    """
    came: set[PrincipalId] = set()
    turned_away: dict[PrincipalId, str] = {}
    for session in run.history.sessions.values():
        if session.channel != "websocket":
            continue
        if session.ready_s is not None:
            came.add(session.principal)
        elif session.failed is not None:
            turned_away[session.principal] = session.failed
    missing = [why for principal, why in turned_away.items() if principal not in came]
    tried = len(came) + len(missing)
    note = "" if tried else "nobody tried"
    if missing:
        why, _ = Counter(missing).most_common(1)[0]
        note = f"{len(missing)} of {tried} principals never had a session: {why}"
    return Outcome(
        examined=tried,
        unit="principals",
        verdict=Verdict.UNKNOWN if not tried or len(missing) > FEW * tried else Verdict.PASS,
        note=note,
        bounded=False,
        times=0,
    )
