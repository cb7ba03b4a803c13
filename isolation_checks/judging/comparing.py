"""From a run to a base that others are compared with, and from two bases to what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from isolation_checks.loading import samples as measured
from isolation_checks.loading.history import History
from isolation_checks.plan.indicators import INDICATORS, Name
from isolation_checks.statistics import comparison
from isolation_checks.statistics.comparison import Change, Difference, Measured
from isolation_checks.verdicts.baseline import Baseline, Kept
from isolation_checks.verdicts.comparison import Comparison, Line

MOST = 4000
"""Samples that are kept of an indicator: every so-many-th, in the order in which they were due."""
STRETCHES = 20
"""Into how many a run is cut."""
QUANTILES = (0.5, 0.95)
ALIKE = 0.1
"""By how much the number of users may differ between runs that are compared."""
LEAST_SHARE = 0.005
"""An error share may always grow by so much: it is counted in whole queries."""


def baseline(history: History, crosstalk: str) -> Baseline:
    """A run as a base."""
    principals = {name: number for number, name in enumerate(history.principals)}
    dues = [query.due_s for query in history.queries.values()]
    first, last = min(dues, default=0.0), max(dues, default=0.0)
    length = max((last - first) / STRETCHES, 1e-9)

    def block(at_s: float) -> int:
        return max(0, min(STRETCHES - 1, int((at_s - first) / length)))

    def kept(rows: Sequence[tuple[str, float, float | None]]) -> Kept:
        ordered = sorted(rows, key=lambda row: row[1])
        every = max(1, -(-len(ordered) // MOST))
        chosen = ordered[::every]
        return Kept(
            users=tuple(principals.get(who, -1) for who, _, _ in chosen),  # type: ignore[call-overload] # a name
            blocks=tuple(block(at_s) for _, at_s, _ in chosen),
            values=tuple(value for _, _, value in chosen),
            of=len(rows),
        )

    found: dict[str, Kept] = {}
    for name, source in measured.FROM_HISTORY.items():
        samples = source(history, frozenset()).all
        if samples:
            found[name] = kept(
                [
                    (each.principal, each.due_s, round(each.took_s, 4) if each.finished else None)
                    for each in samples
                ]
            )
    ended, _ = measured.endings(history, frozenset())
    if ended:
        found["error_share"] = kept(
            [(each.principal, each.due_s, float(each.wrong)) for each in ended]
        )
        done = [block(each.done_s) for each in ended if each.done_s is not None]
        rates = np.bincount(done, minlength=STRETCHES) / length
        found["throughput"] = Kept(
            users=tuple(range(STRETCHES)),
            blocks=tuple(range(STRETCHES)),
            values=tuple(round(float(rate), 4) for rate in rates),
            of=len(done),
        )
    workload = history.plan.workload
    load = workload.think if workload.model == "closed" else workload.rate
    return Baseline(
        run=history.description["run"],
        started_at=history.description["started_at"],
        target=history.description["target"],
        crosstalk=crosstalk,
        workload=f"{workload.model}, {load}, {workload.concurrent} at once",
        users=sum(principal.role == "user" for principal in history.principals.values()),
        seconds=round(last - first, 1),
        indicators=found,
    )


def compared(base: Baseline, now: Baseline, margin: float, *, anyway: bool = False) -> Comparison:
    """What became better and what worse; the margin is a share of the base's value.

    Runs under different loads are not compared, unless `anyway`.
    """
    notes = list(_unlike(base, now))
    lines: list[Line] = []
    for name in INDICATORS:
        short = name in base.indicators and comparison.shortage(
            _measured(base.indicators[name]), "the base"
        )
        if short:
            notes.append(f"{INDICATORS[name].label} is not compared: {short}")
        elif name in base.indicators and name in now.indicators:
            lines += _lines(name, base.indicators[name], now.indicators[name], margin)
        elif name in base.indicators or name in now.indicators:
            notes.append(f"{INDICATORS[name].label} was measured in one of the runs only")
    changes = {line.change for line in lines}
    change: Change = "no difference"
    if "worse" in changes:
        change = "worse"
    elif "unclear" in changes or not lines:
        change = "unclear"
    elif "better" in changes:
        change = "better"
    if _unlike(base, now) and not anyway:
        change = "unclear"
    return Comparison(
        base=base.run,
        run=now.run,
        margin=margin,
        change=change,
        lines=tuple(lines),
        notes=tuple(notes),
    )


def _lines(name: Name, base: Kept, now: Kept, margin: float) -> list[Line]:
    one, other = _measured(base), _measured(now)
    label = INDICATORS[name].label
    if name == "error_share":
        allowed = max(margin * float(np.mean(one.values)), LEAST_SHARE)
        return [_line(label, "share", comparison.of_shares(one, other, allowed), base, now)]
    if name == "throughput":
        found = comparison.of_rates(one, other, margin)
        return [_line(label, "per_s", found, base, now)]
    return [
        _line(
            f"{label} p{q * 100:g}",
            "s",
            comparison.of_quantiles(one, other, q, margin),
            base,
            now,
        )
        for q in QUANTILES
    ]


def _line(
    name: str, unit: Literal["s", "share", "per_s"], found: Difference, base: Kept, now: Kept
) -> Line:
    return Line(
        name=name,
        unit=unit,
        change=found.change,
        base=found.base,
        now=found.now,
        difference=found.relative,
        lower=found.lower,
        upper=found.upper,
        p=found.p,
        effect=found.effect,
        samples=(base.of, now.of),
        why=found.why,
    )


def _measured(kept: Kept) -> Measured:
    return Measured(
        values=np.array([np.inf if value is None else value for value in kept.values], float),
        users=np.array(kept.users, int),
        blocks=np.array(kept.blocks, int),
    )


def _unlike(base: Baseline, now: Baseline) -> list[str]:
    """Why the two runs cannot be compared: they were not driven alike."""
    notes = []
    if base.workload != now.workload:
        notes.append(f"the workloads differ: {base.workload}; now {now.workload}")
    if abs(base.users - now.users) > ALIKE * max(base.users, 1):
        notes.append(f"the loads differ: {base.users} users, now {now.users}")
    return notes
