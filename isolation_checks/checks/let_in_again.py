"""Whether those who had been let in before were let in again."""

from __future__ import annotations

from isolation_checks.checks.check import Found, Outcome, check
from isolation_checks.loading.history import Session
from isolation_checks.loading.run import Run
from isolation_checks.records import PrincipalId
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.finding import Moment
from isolation_checks.verdicts.lattice import Verdict

LIMIT = 0.01
"""The share of connects that may fail, where the plan limits no share of errors."""


@check(
    asks="Was everybody who had been let in before let in again?",
    part="objectives",
)
def everybody_let_in_again(run: Run) -> Outcome:
    """Of the connects of those who are let in, few enough failed once they had been.

    Few enough are those that the plan's `error_share` allows.  Who never gets in is left to
    everybody came, and may have been refused for good reasons.

    Those that we had everybody make at once are left out: a queue of our own may be why they
    failed.  Whoever stays shut out behind it is counted.

    Catches:  slot_leak.
    Blind to: a platform that turns away only those whom it has never seen.
    """
    came: set[PrincipalId] = set()
    examined, refused = 0, dict[PrincipalId, list[Session]]()
    for session in _connects(run):
        if session.ready_s is not None:
            came.add(session.principal)
        elif session.principal in came:
            refused.setdefault(session.principal, []).append(session)
        examined += session.principal in came
    failed = sum(map(len, refused.values()))
    limits = [float(o.limit) for o in run.history.plan.objectives if o.indicator == "error_share"]
    limit = min(limits, default=LIMIT)
    least, most = bounds.share(failed, examined) if failed else (0.0, 0.0)
    certain, unclear = least > limit, least <= limit < most
    note = f"{failed} of {examined} connects of those who had been let in before failed"
    return Outcome(
        examined=examined,
        unit="connects",
        found=tuple(_found(who, cases) for who, cases in refused.items()) if certain else (),
        verdict=Verdict.UNKNOWN if unclear else None,
        note=note if failed and not certain else "",
        bounded=not failed,
    )


def _connects(run: Run) -> list[Session]:
    """The connects that succeeded or were refused, in the order in which they were made."""
    made = (s for s in run.history.sessions.values() if s.channel == "websocket")
    tried = (s for s in made if s.ready_s is not None or s.failed is not None)
    return sorted(
        (s for s in tried if s.opening_s is not None and not (s.cut or s.storm)),
        key=lambda session: session.opening_s or 0.0,
    )


def _found(who: PrincipalId, cases: list[Session]) -> Found:
    first = cases[0]
    return Found(
        kind="refused-connect",
        cwe=None,
        victim=who,
        recipient=None,
        channel="session",
        sentence=f"{who} had been let in before, and was turned away: {first.failed}",
        times=len(cases),
        first_s=first.opening_s,
        witness=lambda: (
            Moment(at_s=first.opening_s, who=who, role="victim", did="connected again"),
            Moment(at_s=first.closed_s, who=who, role="victim", did=f"was refused: {first.failed}"),
        ),
    )
