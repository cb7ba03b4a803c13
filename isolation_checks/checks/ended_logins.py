"""Whether a login that has ended is good for anything."""

from __future__ import annotations

from isolation_checks.checks import refusals
from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.probing import Family


@check(
    asks="Was a socket or a token good for anything after its logout, exchange or expiry?",
    cwe=613,
    not_asked=refusals.asked(Family.LOGIN),
)
def ended_logins(run: Run) -> Outcome:
    """After the plan's grace nothing that belonged to an ended login is believed.

    Catches:  outlives_logout.
    Blind to: platforms that end a login later than the grace, which look as if they never did;
              expiry, where the plan names no key to make a short-lived token with.
    """
    return refusals.judged(run, Family.LOGIN)
