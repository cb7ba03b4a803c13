"""Whether a request may say for itself who speaks."""

from __future__ import annotations

from isolation_checks.checks import refusals
from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.probing import Family


@check(
    asks="Was anybody taken for another because a request said so?",
    cwe=639,
    not_asked=refusals.asked(Family.IDENTITY),
)
def claimed_identities(run: Run) -> Outcome:
    """Whoever a message, an address or a header names, it is the token's owner who speaks.

    Catches:  trusts_payload_identity.
    Blind to: names other than those of `probes.names` and `probes.headers`.
    """
    return refusals.judged(run, Family.IDENTITY)
