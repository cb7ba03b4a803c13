"""Whether answers were complete in time."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from isolation_checks.checks import slow_steps, unplaced
from isolation_checks.checks.check import Outcome, check
from isolation_checks.checks.samples import asked_in, judged
from isolation_checks.loading.run import Run
from isolation_checks.loading.samples import Samples, completions
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import ObjectiveOutcome


@check(
    asks="Were answers complete in time, counted from when they were due?",
    part="objectives",
    not_asked=lambda plan: asked_in(plan, "completion"),
)
def completion_time(run: Run) -> Outcome:
    """From due to the event that ended the answer well.

    A query that was turned away is an error, not a quick answer; one that was never
    finished counts as longer than it lasted.

    Catches:  slow_tail, hung_agent, noisy_neighbour.
    Blind to: what a user waits for outside a query.
    """
    samples = completions(run.history, unplaced.unsure(run))
    outcome = judged(run, "completion", samples)
    told = tuple(_with_where(run, samples, each) for each in outcome.objectives)
    return replace(outcome, objectives=told)


def _with_where(run: Run, samples: Samples, outcome: ObjectiveOutcome) -> ObjectiveOutcome:
    """A missed objective says where the time of the answers beyond its limit went."""
    if outcome.verdict is not Verdict.FAIL:
        return outcome
    late = {each.query for each in samples.all if each.query and each.took_s > outcome.limit}
    where = slow_steps.said(run, late)
    return msgspec.structs.replace(outcome, advice=where or outcome.advice)
