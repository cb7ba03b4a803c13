"""Whether users really were there at the same time."""

from __future__ import annotations

from isolation_checks.checks.check import Outcome, check
from isolation_checks.judging.verdict import Opportunity, Verdict
from isolation_checks.loading.run import Run
from isolation_checks.records import Ending
from isolation_checks.statistics import bounds


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
        note = "no query was answered"
    elif not overlapped:
        note = "no two principals' queries were ever open at once"
    return Outcome(
        examined=len(answered),
        unit="answers",
        verdict=Verdict.PASS if overlapped else Verdict.UNKNOWN,
        note=note,
        bounded=False,
        times=0,
        opportunities=(_opportunity(run),),
    )


def _opportunity(run: Run) -> Opportunity:
    """The overlap class: own canary echoed while another principal's query was open."""
    chances = sum(
        1
        for query in run.history.queries.values()
        if query.ending is Ending.OK and query.echoed and query.overlapped
    )
    wanted = run.history.plan.isolation.bound
    bound = bounds.none_seen(chances)
    missing = bounds.needed_for(wanted) - chances
    return Opportunity(
        name="overlap",
        meaning="an answer that echoed its own user's canary while another user's query was open",
        count=chances,
        seen=0,
        bound=bound,
        wanted=wanted,
        needed=missing if missing > 0 else None,
    )
