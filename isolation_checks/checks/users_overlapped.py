"""Whether users really were there at the same time."""

from __future__ import annotations

from isolation_checks.checks import unanswered
from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.records import Ending
from isolation_checks.verdicts.lattice import Verdict


@check(asks="Were several users' queries really open at the same time?", part="evidence")
def users_overlapped(run: Run) -> Outcome:
    """Answers came while another principal's query was open.

    Catches:  a run of one user, or of users who took turns.
    Blind to: whether the platform itself worked on both at once.
    """
    answered = [q for q in run.history.queries.values() if q.ending is Ending.OK]
    overlapped = [query for query in answered if query.overlapped]
    note = ""
    if not answered:
        note = unanswered.NONE
    elif not overlapped:
        note = "no two principals' queries were ever open at once"
    return Outcome(
        examined=len(answered),
        unit="answers",
        verdict=Verdict.PASS if overlapped else Verdict.UNKNOWN,
        note=note,
        bounded=False,
        times=0,
    )
