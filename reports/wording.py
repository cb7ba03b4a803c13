"""Values of a judgement as people read them: counts, seconds, shares, bounds.

It may not compute a statistic; it rounds, and never in the favour of the target: an upper
bound is rounded up, a lower one down.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Literal

from isolation_checks.verdicts.lattice import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isolation_checks.verdicts.finding import Finding, Moment
    from isolation_checks.verdicts.outcomes import (
        CheckOutcome,
        Distribution,
        ObjectiveOutcome,
        Opportunity,
    )
    from isolation_checks.verdicts.verdict import Judgement, Scale

Toward = Literal["nearest", "up", "down"]
"""Where to round: a bound must still be true once it is rounded."""
NBSP = "\u00a0"
"""Holds a number and its unit together on one line."""
CERTAIN = 0.9
"""A bound above this says nothing: that nine of ten would bleed was never believed."""
_UNIT = re.compile(r"(\d) (%|ms\b|s\b)")
SINGULAR = {
    "answers": "answer",
    "attempts": "attempt",
    "connects": "connect",
    "facts of one's own": "fact of one's own",
    "frames": "frame",
    "labels": "label",
    "planted breaks": "planted break",
    "principals": "principal",
    "processes": "process",
    "queries": "query",
    "rows": "row",
    "samples": "sample",
    "sessions": "session",
}
"""What checks examine, as one of it is called."""
LEAST = 1e-12
"""Half-open noise of binary fractions: 0.07 is not rounded up to 0.071."""


def held(text: str) -> str:
    """Words in which no number is parted from its unit at the end of a line."""
    return _UNIT.sub(rf"\1{NBSP}\2", text)


def count(number: int) -> str:
    """A count with thousands set apart: `1,184`."""
    return f"{number:,}"


def date(stamp: str) -> str:
    """A moment of the calendar as people write it; what is no ISO stamp stays as it is."""
    try:
        when = dt.datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return f"{when.day} {when:%B %Y, %H:%M:%S %Z}".rstrip()


def counted(number: int, one: str, many: str) -> str:
    """A count and its noun: `1 user`, `1,184 queries`."""
    return f"{count(number)} {one if number == 1 else many}"


def unit(number: int, many: str) -> str:
    """What so many of are counted: of one `query`, of three `queries`."""
    return SINGULAR.get(many, many) if number == 1 else many


def times(number: int) -> str:
    """How often: `once`, `37 times`."""
    return "once" if number == 1 else f"{count(number)} times"


def seconds(value: float, toward: Toward = "nearest") -> str:
    """A duration in seconds with two or three significant digits: `1.31 s`, `0.021 s`."""
    size = abs(value)
    if size == 0:
        return f"0{NBSP}s"
    digits = math.floor(math.log10(size))
    decimals = max(0, 2 - digits) if digits >= 0 else 2 if digits == -1 else 1 - digits
    return f"{_rounded(value, decimals, toward):,.{decimals}f}{NBSP}s"


def clock(at_s: float | None) -> str:
    """A moment of the run to the millisecond: `4.180 s`; a dash where the clock is not ours."""
    return "—" if at_s is None else f"{at_s:.3f}{NBSP}s"


def share(value: float, toward: Toward = "nearest") -> str:
    """A share in per cent with two significant digits: `0.13 %`, `12 %`."""
    percent = value * 100
    if percent == 0:
        return f"0{NBSP}%"
    decimals = max(0, 1 - math.floor(math.log10(abs(percent))))
    return f"{_rounded(percent, decimals, toward):.{decimals}f}{NBSP}%"


def rate(value: float, toward: Toward = "nearest") -> str:
    """Answers a second: `20/s`, `0.31/s`, three significant digits."""
    if value == 0:
        return "0/s"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{_rounded(value, decimals, toward):,.{decimals}f}/s"


def under(bound: float) -> str:
    """An upper 95 % bound of a rate: `under 0.13 % at 95 %`."""
    return f"under {share(bound, 'up')} at 95{NBSP}%"


def so(kind: Opportunity) -> str:
    """What follows from how often bleeding could have shown, in a newcomer's words."""
    if kind.seen:
        return "Bleeding was seen, so there is no bound to give."
    parts: list[str] = []
    if kind.count == 0:
        parts.append("It could not have shown, so nothing is known.")
    elif kind.bound is not None and kind.bound > CERTAIN:
        parts.append("So few say nothing.")
    elif kind.bound is not None:
        one_in = math.floor(1 / kind.bound + LEAST) if kind.bound else 0
        often = f", at most once in {count(one_in)} cases" if one_in > 1 else ""
        parts.append(f"The rate is {under(kind.bound)}{often}.")
    elif kind.detection == 0:
        parts.append("There is no bound to give: whether a break would be found is not known.")
    if kind.needed:
        wanted = "" if kind.wanted is None else f" for a bound of {share(kind.wanted)}"
        parts.append(f"{count(kind.needed)} more are needed{wanted}.")
    return " ".join(parts)


def limit(statement: str) -> str:
    """An objective's statement with its sign as a person writes it."""
    return statement.replace("<=", "≤").replace(">=", "≥")


def measured(outcome: ObjectiveOutcome) -> str:
    """What an objective measured, and how sure that is: `1.31 s (at most 1.38 s; n = 1,140)`."""
    details = "; ".join(part for part in (sure(outcome), behind(outcome)) if part)
    return f"{value(outcome)} ({details})" if details else value(outcome)


def slow_like(outcome: ObjectiveOutcome) -> str:
    """What a missed time looks like, and the numbers that say it; empty where nothing does."""
    looks = outcome.looks
    return f"looks like {looks.mechanism}: {looks.because}" if looks else ""


UNITS = {"s": seconds, "share": share, "per_s": rate}


def value(outcome: ObjectiveOutcome) -> str:
    """The quantile or share alone; `not reached` where it lies among the unfinished."""
    if outcome.samples == 0:
        return "nothing measured"
    show = UNITS[outcome.unit]
    return "not reached" if outcome.measured is None else show(outcome.measured)


def sure(outcome: ObjectiveOutcome) -> str:
    """What is sure at 95 %: the bound that its verdict rests on, or both where it is open."""
    if outcome.samples == 0:
        return ""
    show = UNITS[outcome.unit]
    lower = None if outcome.lower in {None, outcome.measured} else outcome.lower
    upper = None if outcome.upper in {None, outcome.measured} else outcome.upper
    bounds: list[str] = []
    if lower is not None and outcome.verdict is not Verdict.PASS:
        bounds.append(f"at least {show(lower, 'down')}")
    if upper is not None and outcome.verdict is not Verdict.FAIL:
        bounds.append(f"at most {show(upper, 'up')}")
    return ", ".join(bounds)


def behind(outcome: ObjectiveOutcome) -> str:
    """The samples behind it, those that never finished, and how many would have done."""
    parts = [f"n = {count(outcome.samples)}"] if outcome.samples else []
    if outcome.censored:
        parts[-1:] = [f"{part}, {count(outcome.censored)} unfinished" for part in parts[-1:]]
    if outcome.needed is not None:
        parts.append(f"{count(outcome.needed)} would do")
    return "; ".join(parts)


def within(phase: Distribution) -> str:
    """A phase's limit as a person says it: `p95 within 5 s`."""
    if phase.limit_s is None:
        return ""
    who = "every one" if phase.limit_quantile in {None, 1} else f"p{phase.limit_quantile * 100:g}"
    return f"{who} within {phase.limit_s:g}{NBSP}s"


def found_note(check: CheckOutcome) -> str:
    """What stands beside a check's count: the bound that it gives, and its note."""
    bound = "" if check.bound is None else under(check.bound)
    silent = check.verdict is Verdict.UNKNOWN and not check.examined and not check.note
    nothing = "nothing was examined" if silent else ""
    return "; ".join(part for part in (bound, check.note, nothing) if part)


def where(finding: Finding) -> str:
    """Where, what class and how often: `frame · CWE-488 · 37 times, first at 4.2 s`."""
    weakness = "" if finding.cwe is None else f"CWE-{finding.cwe}"
    return " · ".join(part for part in (finding.channel, weakness, how_often(finding)) if part)


def how_often(finding: Finding) -> str:
    """How often it was found, and when first: `37 times, first at 4.2 s`."""
    said = times(finding.times)
    if finding.first_s is None:
        return said
    return f"{said}, {'' if finding.times == 1 else 'first '}at {finding.first_s:.1f}{NBSP}s"


def roots_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in their order, but those that follow from another one after all roots."""
    return sorted(findings, key=lambda finding: finding.folded_into is not None)


def beyond(judgement: Judgement, shown: Iterable[Finding]) -> int:
    """How many findings are counted beside those that are shown, however often each was found."""
    return max(judgement.findings_total - sum(finding.times for finding in shown), 0)


def looks_like(finding: Finding) -> str:
    """The mechanism that the fingerprint suggests, and why."""
    return ": ".join(part for part in (finding.mechanism, finding.because) if part)


def brought_out(finding: Finding) -> str | None:
    """What the driver had just done, where no mechanism tells where to look."""
    return finding.provocation if finding.mechanism == "unknown" else None


def pointed_at(finding: Finding, moment: Moment) -> str:
    """Whose the marked words are: `ana-07's`; empty where nothing is marked or nobody is known.

    Only what reached somebody else is pointed at; the victim's own moment needs no pointing.
    """
    if moment.mark is None or finding.victim is None or moment.role == "victim":
        return ""
    return f"{finding.victim}'s"


def travels(finding: Finding) -> bool:
    """Whether somebody's words reached somebody, so that the picture has an arrow."""
    roles = {moment.role for moment in finding.witness}
    return {"victim", "recipient"} <= roles


def long(scale: Scale) -> str:
    """How long the run drove: `60 s`."""
    return f"{scale.seconds:.1f}{NBSP}s" if scale.seconds < 10 else f"{scale.seconds:,.0f}{NBSP}s"  # noqa: PLR2004 - seconds


def size(scale: Scale) -> tuple[str, ...]:
    """How big the run was, a phrase each."""
    rows = "rows not read" if scale.rows is None else counted(scale.rows, "row", "rows")
    return (
        counted(scale.users, "user", "users"),
        counted(scale.queries, "query", "queries"),
        counted(scale.frames, "frame", "frames"),
        rows,
        long(scale),
    )


def _rounded(value: float, decimals: int, toward: Toward) -> float:
    scale = 10.0**decimals
    noise = LEAST * abs(value * scale)
    if toward == "up":
        return math.ceil(value * scale - noise) / scale
    if toward == "down":
        return math.floor(value * scale + noise) / scale
    return value
