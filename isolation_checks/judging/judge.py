"""Asks every check and says what follows: parts, verdict, headline, exit code.

It reads a loaded run and returns a judgement; a check that crashes makes its part UNKNOWN.
"""

from __future__ import annotations

import dataclasses
import logging
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import TypeVar

import msgspec

from isolation_checks import probing
from isolation_checks.checks import CHECKS
from isolation_checks.checks.check import Check, Outcome
from isolation_checks.judging import (
    courses,
    coverage,
    findings,
    opportunities,
    pairs,
    slowness,
    timeline,
)
from isolation_checks.judging.findings import Findings
from isolation_checks.judging.headline import headline, scope
from isolation_checks.judging.parts import part
from isolation_checks.loading.run import Run, count
from isolation_checks.plan import provoking
from isolation_checks.plan.read import called
from isolation_checks.records import Ending
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.lattice import Part, Verdict, worst
from isolation_checks.verdicts.outcomes import CheckOutcome, ObjectiveOutcome, Opportunity
from isolation_checks.verdicts.progress import Coverage
from isolation_checks.verdicts.verdict import Judgement, Scale

SAYS_SOMETHING = 0.5
"""A bound above this is left out: it would say no more than that little was looked at."""
UNANSWERED = "no query at all was answered: is the platform asked in the right way?"
ASTRAY = "no query was answered where it was asked"
"""Beside findings of isolation: what others got instead says that it was asked well."""
PARTS: tuple[Part, ...] = ("evidence", "isolation", "objectives")
Progress = Callable[[str], None]
_Data = TypeVar("_Data")
log = logging.getLogger(__name__)


def judge(
    run: Run,
    checks: Sequence[Check] = CHECKS,
    progress: Progress = lambda _: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Judgement:
    """The judgement of a run."""
    plan = run.history.plan
    not_asked: list[str] = []
    outcomes: list[tuple[Check, Outcome]] = []
    for check in checks:
        why = check.not_asked(plan)
        if why is not None:
            if why not in not_asked:
                not_asked.append(why)
            continue
        progress(f"asking: {check.asks}")
        outcome = _asked(check, run)
        unstated = check.unstated(plan) or outcome.unasked
        if unstated and outcome.silent:
            not_asked.append(unstated)
        else:
            outcomes.append((check, outcome))
    not_asked += probing.left_out(plan)
    not_asked += [f"provocation {why}" for why in provoking.not_asked(plan)]
    if plan.resources is None:
        not_asked.append("the platform's CPU, memory and connections: the plan has no [resources]")
    if not any(query.ending is Ending.OK for query in run.history.queries.values()):
        astray = any(check.part == "isolation" and outcome.found for check, outcome in outcomes)
        why = ASTRAY if astray else UNANSWERED
        outcomes = [(check, _unjudgeable(check, outcome, why)) for check, outcome in outcomes]
    found = _findings(run, outcomes)
    chances = _opportunities(run, outcomes)
    met = _coverage(run)
    parts = tuple(part(name, outcomes, chances, gates=name in plan.required) for name in PARTS)
    verdict = worst([each.verdict for each in parts if each.gates])
    if verdict is Verdict.NOT_ASKED:  # a plan that requires nothing has not been met
        verdict = Verdict.UNKNOWN
    description = run.history.description
    course = _drawn(lambda: timeline.of(run.history, outcomes))
    return Judgement(
        run=description["run"],
        judged_at=now().isoformat(timespec="seconds"),
        started_at=description["started_at"],
        target=description["target"],
        dialect=called(plan.dialect),
        seed=description["seed"],
        crosstalk=metadata.version("crosstalk-harness"),
        verdict=verdict,
        exit_code=verdict.exit_code,
        headline=headline(verdict, parts, found, chances, scope(outcomes)),
        parts=parts,
        scale=_scale(run),
        findings=found.shown,
        findings_total=found.total,
        roots=found.roots,
        checks=tuple(
            _said(check, outcome) for check, outcome in outcomes if not outcome.objectives
        ),
        objectives=tuple(_looked_at(run, o) for _, outcome in outcomes for o in outcome.objectives),
        opportunities=chances,
        latency=tuple(outcome.latency for _, outcome in outcomes if outcome.latency is not None),
        not_asked=tuple(not_asked),
        blind=(*_blind(run, outcomes, chances, met), *_unsampled(run)),
        coverage=met,
        control=next((o.control for _, o in outcomes if o.control is not None), None),
        pairs=pairs.of(outcomes),
        timeline=course,
        heat=_drawn(lambda: timeline.heat(run.history, course)),
        courses=_drawn(lambda: courses.of(run)) or (),
    )


def _asked(check: Check, run: Run) -> Outcome:
    try:
        return check(run)
    except Exception as error:  # noqa: BLE001 - a check that crashes is not a clean platform
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
        return Outcome(
            examined=0,
            unit="nothing",
            verdict=Verdict.UNKNOWN,
            note=f"the check crashed: {type(error).__name__}: {error} ({where})",
        )


def _unjudgeable(check: Check, outcome: Outcome, why: str) -> Outcome:
    """Objectives are neither met nor missed where no query at all was answered.

    Nobody can then say whether the platform is at fault, or our way of asking it.
    """
    if check.part != "objectives" or outcome.decided is not Verdict.FAIL:
        return outcome
    return dataclasses.replace(
        outcome,
        verdict=Verdict.UNKNOWN,
        found=(),
        note=why,
        objectives=tuple(
            msgspec.structs.replace(objective, verdict=Verdict.UNKNOWN, note=why)
            if objective.verdict is Verdict.FAIL
            else objective
            for objective in outcome.objectives
        ),
    )


def _said(check: Check, outcome: Outcome) -> CheckOutcome:
    nothing = not outcome.total and outcome.bounded and outcome.decided is Verdict.PASS
    bound = bounds.none_seen(outcome.examined) if nothing else None
    return CheckOutcome(
        name=check.name,
        asks=check.asks,
        part=check.part,
        verdict=outcome.decided,
        examined=outcome.examined,
        unit=outcome.unit,
        found=outcome.total,
        bound=bound if bound is not None and bound <= SAYS_SOMETHING else None,
        note=outcome.note,
    )


def _findings(run: Run, outcomes: list[tuple[Check, Outcome]]) -> Findings:
    """What was found, explained; only counted where explaining it crashes."""
    try:
        return findings.of(run, outcomes)
    except Exception:  # what was found stays found
        log.exception("what was found cannot be explained")
        total = sum(found.times for _, outcome in outcomes for found in outcome.found)
        return Findings(shown=(), total=total, roots=0)


def _opportunities(run: Run, outcomes: list[tuple[Check, Outcome]]) -> tuple[Opportunity, ...]:
    """The classes of opportunity; none where they cannot be told."""
    try:
        return opportunities.of(run, outcomes)
    except Exception:  # without them isolation is UNKNOWN, and says so
        log.exception("opportunities cannot be counted")
        return ()


def _coverage(run: Run) -> Coverage | None:
    """Which interleavings happened; None where that cannot be told."""
    try:
        return coverage.of(run.history, run.ownership.circle)
    except Exception:  # what could not be seen then says so
        log.exception("the coverage of interleavings cannot be told")
        return None


def _drawn(data: Callable[[], _Data]) -> _Data | None:
    """What figures show; no verdict depends on it, so it may fail without a verdict."""
    try:
        return data()
    except Exception:
        log.exception("a figure of the report has no data")
        return None


def _looked_at(run: Run, outcome: ObjectiveOutcome) -> ObjectiveOutcome:
    """An objective, and what its times look like where it is missed."""
    return msgspec.structs.replace(
        outcome, looks=_drawn(lambda: slowness.look(run.history, outcome))
    )


def _scale(run: Run) -> Scale:
    history = run.history
    queries = history.queries.values()
    ends = [query.over_s for query in queries if query.over_s is not None]
    ends += [s.closed_s for s in history.sessions.values() if s.closed_s is not None]
    reading = run.reading
    return Scale(
        seconds=max(ends, default=0.0),
        processes=len(history.processes),
        users=sum(principal.role == "user" for principal in history.principals.values()),
        principals=len(history.principals),
        sessions=sum(session.channel == "websocket" for session in history.sessions.values()),
        queries=len(history.queries),
        answered=sum(query.ending is Ending.OK for query in queries),
        frames=count(run.frames),
        rows=sum(reading.counts.values()) if reading and not reading.problem else None,
        provocations=len(history.provocations),
    )


def _unsampled(run: Run) -> list[str]:
    """What of the platform's resources was asked for and could not be sampled."""
    return [f"resources: {why}" for why in run.history.resources.missing]


def _blind(
    run: Run,
    outcomes: list[tuple[Check, Outcome]],
    chances: tuple[Opportunity, ...],
    met: Coverage | None,
) -> tuple[str, ...]:
    """What was asked and could not be seen."""
    said = [line for _, outcome in outcomes for line in outcome.blind]
    said += [
        f"{check.name}: {outcome.note}"
        for check, outcome in outcomes
        if outcome.decided is Verdict.UNKNOWN and outcome.note and not outcome.objectives
    ]
    said += [f"no opportunity of the class {o.name}: {o.meaning}" for o in chances if not o.count]
    done = {act.kind for act in run.history.provocations}
    never = ", ".join(provoking.never_came(run.history.plan, done))
    said += [f"provocations that were asked for and never came about: {never}"] if never else []
    said += filter(
        None, [coverage.unseen(met) if met else "which phases of users met is not known"]
    )
    return tuple(dict.fromkeys(said))
