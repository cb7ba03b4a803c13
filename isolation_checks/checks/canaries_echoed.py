"""Whether the planted words come back at all."""

from __future__ import annotations

from isolation_checks.checks import unanswered
from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.records import Ending
from isolation_checks.verdicts.lattice import Verdict

FEW = 0.5


@check(
    asks="Do answers hold what their own question held, so that a foreign word could show?",
    part="evidence",
)
def canaries_echoed(run: Run) -> Outcome:
    """Answers to questions that carried a canary hold that principal's canary.

    Catches:  a platform that answers nothing, or with canned text.
    Blind to: paraphrase, which hides own words as it hides foreign ones.
    """
    answered = [
        query
        for query in run.history.queries.values()
        if query.ending is Ending.OK and query.kind != "recall"
    ]
    echoed = sum(1 for query in answered if query.echoed)
    note = ""
    if not answered:
        note = unanswered.said(run)
    elif not echoed:
        note = f"none of {len(answered)} answers held a word of its own question"
    elif echoed < FEW * len(answered):
        note = f"only {echoed} of {len(answered)} answers held a word of their own question"
    return Outcome(
        examined=len(answered),
        unit="answers",
        verdict=Verdict.PASS if echoed else Verdict.UNKNOWN,
        note=note,
        bounded=False,
        times=0,
    )
