"""From results to scores: what was predicted, what was seen, and how sure that is."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata

from isolation_checks.checks import CHECKS
from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading import fold
from isolation_checks.selftest import mechanisms, opportunities
from isolation_checks.selftest.nouns import HONEST, Fault, NotRun, Result, Score, Selftest, Trial
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.verdict import Judgement

SURE, SELDOM = 0.95, 0.5
"""A fault that surely struck and is surely noticed in fewer runs than half is missed.  That a
fault struck does not mean that it showed, so that less is not asked."""
_INDICATORS = {
    "connect": "connect time",
    "first_event": "first event time",
    "completion": "completion time",
    "error_share": "error budget",
}


def claimants(fault: str) -> tuple[str, ...]:
    """The checks that say of themselves that they catch a fault."""
    return tuple(
        check.name
        for check in CHECKS
        if re.search(rf"\b{fault}\b", check.doc.partition("Catches:")[2].partition("Blind to:")[0])
    )


def read(trial: Trial, fault: Fault | None, run: RunDirectory, judgement: Judgement) -> Result:
    """What a trial's run and judgement say."""
    part_of = {check.name: check.part for check in CHECKS}
    failed = _failed(judgement)
    claimed = claimants(trial.fault)
    detecting = tuple(
        name
        for name in failed
        if trial.fault != HONEST and (name in claimed or part_of.get(name) == "isolation")
    )
    findings = [f for f in judgement.findings if f.check in detecting]
    roots = [f.mechanism for f in findings if f.folded_into is None]
    times = [f.first_s for f in findings if f.first_s is not None]
    history = fold.load(run)
    return Result(
        trial=trial,
        failed=failed,
        detecting=detecting,
        opportunities=opportunities.of(fault.opportunity, history, judgement.scale.frames)
        if fault
        else None,
        first_s=min(times, default=None),
        mechanisms=tuple(dict.fromkeys((*roots, *_slow(judgement, detecting)))),
        parts={part.name: part.verdict.value for part in judgement.parts},
    )


def _slow(judgement: Judgement, detecting: Sequence[str]) -> Iterable[str]:
    """What missed times look like, of the checks that could have meant the fault."""
    for outcome in judgement.objectives:
        if outcome.looks and _INDICATORS.get(outcome.indicator) in detecting:
            yield outcome.looks.mechanism


def _failed(judgement: Judgement) -> tuple[str, ...]:
    """The checks that say FAIL, those of objectives by their names too."""
    missed = {o.indicator for o in judgement.objectives if o.verdict is Verdict.FAIL}
    names = {check.name for check in judgement.checks if check.verdict is Verdict.FAIL}
    names |= {_INDICATORS.get(indicator, indicator) for indicator in missed}
    order = [check.name for check in CHECKS]
    return tuple(sorted(names, key=lambda n: (order.index(n) if n in order else len(order), n)))


def whole(
    faults: Mapping[str, Fault],
    results: Sequence[Result],
    not_run: Sequence[NotRun],
    command: str,
) -> Selftest:
    """A selftest of these results."""
    return Selftest(
        command=command,
        crosstalk=metadata.version("crosstalk-harness"),
        checks=tuple(check.name for check in CHECKS),
        scores=tuple(scored(faults, results)),
        honest=tuple(r for r in results if r.trial.fault == HONEST and r.problem is None),
        not_run=tuple(not_run),
        broken=tuple(result for result in results if result.problem is not None),
    )


def scored(faults: Mapping[str, Fault], results: Sequence[Result]) -> list[Score]:
    """One score a fault and database, in the order of the results; the honest ones aside."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        if result.trial.fault != HONEST and result.problem is None:
            groups.setdefault((result.trial.fault, result.trial.database), []).append(result)
    return [_score(faults[fault], group) for (fault, _), group in groups.items()]


def _score(fault: Fault, results: list[Result]) -> Score:
    detected = sum(result.detected for result in results)
    lower, upper = interval(detected, len(results))
    counts = [result.opportunities for result in results if result.opportunities is not None]
    fewest = min(counts, default=None)
    rate = results[0].trial.rate
    predicted = bounds.at_least_one(fewest, rate) if fewest is not None else None
    times = [result.first_s for result in results if result.first_s is not None]
    caught = _united(result.detecting for result in results)
    roots = [result.mechanisms for result in results]
    fitting = mechanisms.FITTING.get(fault.name)
    return Score(
        fault=fault.name,
        database=results[0].trial.database,
        rate=rate,
        trials=len(results),
        detected=detected,
        lower=lower,
        upper=upper,
        opportunities=fewest,
        predicted=predicted,
        first_s=statistics.median(times) if times else None,
        claimed=claimants(fault.name),
        caught=caught,
        other=tuple(n for n in _united(r.failed for r in results) if n not in caught),
        looks=mechanisms.looks(fitting, roots),
        told=mechanisms.told(fitting, roots),
        missed=not detected or (upper < SELDOM and (predicted is None or predicted > SURE)),
    )


def interval(hits: int, trials: int) -> tuple[float, float]:
    """The two-sided 95 % interval of a share, after Clopper and Pearson."""
    return bounds.share(hits, trials, bounds.HALF)


def _united(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))
