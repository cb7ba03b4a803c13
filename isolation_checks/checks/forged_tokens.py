"""Whether a token that proves nothing is believed."""

from __future__ import annotations

from isolation_checks.checks import refusals
from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.probing import Family


@check(
    asks="Was anybody let in by a token that proves nothing, or by none?",
    cwe=347,
    not_asked=refusals.asked(Family.TOKENS),
)
def forged_tokens(run: Run) -> Outcome:
    """No session and no request is granted by a token that is forged, altered, expired or absent.

    A refusal counts where a good token is taken by the same way.

    Catches:  unverified_token.
    Blind to: what only a token with the platform's own signature would show, where the plan
              names no key; weak keys that could be guessed.
    """
    return refusals.judged(run, Family.TOKENS)
