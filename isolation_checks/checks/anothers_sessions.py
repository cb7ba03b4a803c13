"""Whether sessions are given back by their id alone."""

from __future__ import annotations

from isolation_checks.checks import refusals
from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.probing import Family


@check(
    asks="Did anybody get another's session by its id?",
    cwe=384,
    not_asked=refusals.asked(Family.SESSION),
)
def anothers_sessions(run: Run) -> Outcome:
    """Who asks for another's session, with what proves its own, does not get it.

    Catches:  resume_takeover.
    Blind to: an intruder who has stolen the proof as well.
    """
    return refusals.judged(run, Family.SESSION)
