"""Whether conversations are given by their id alone."""

from __future__ import annotations

from isolation_checks.checks import refusals
from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.probing import Family


@check(
    asks="Did anybody read, continue or change another's conversation by its id?",
    cwe=639,
    not_asked=refusals.asked(Family.CONVERSATION),
)
def anothers_conversations(run: Run) -> Outcome:
    """Who asks for another's conversation gets nothing of it, and leaves nothing in it.

    An answer without the victim's words is a refusal, whatever its status.

    Catches:  missing_owner_check.
    Blind to: requests that the plan does not describe.
    """
    return refusals.judged(run, Family.CONVERSATION)
