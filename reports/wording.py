"""Values of a judgement as people read them: counts, seconds, shares, bounds.

It may not compute a statistic; it rounds, and never in the favour of the target: an upper
bound is rounded up, a lower one down.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from isolation_checks.judging.verdict import Verdict

if TYPE_CHECKING:
    from isolation_checks.judging.verdict import (
        CheckOutcome,
        Finding,
        Moment,
        ObjectiveOutcome,
        Scale,
    )

Toward = Literal["nearest", "up", "down"]
"""Where to round: a bound must still be true once it is rounded."""
LEAST = 1e-12
"""Half-open noise of binary fractions: 0.07 is not rounded up to 0.071."""


def count(number: int) -> str:
    """A count with thousands set apart: `1,184`."""
    return f"{number:,}"


def counted(number: int, one: str, many: str) -> str:
    """A count and its noun: `1 user`, `1,184 queries`."""
    return f"{count(number)} {one if number == 1 else many}"


def times(number: int) -> str:
    """How often: `once`, `37 times`."""
    return "once" if number == 1 else f"{count(number)} times"


def seconds(value: float, toward: Toward = "nearest") -> str:
    """A duration in seconds with two or three significant digits: `1.31 s`, `0.021 s`."""
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3  # noqa: PLR2004 (a table)
    if 0 < size < 0.01:  # noqa: PLR2004
        decimals = 1 - math.floor(math.log10(size))
    return f"{_rounded(value, decimals, toward):,.{decimals}f} s"


def clock(at_s: float | None) -> str:
    """A moment of the run to the millisecond: `4.180 s`; a dash where the clock is not ours."""
    return "—" if at_s is None else f"{at_s:.3f} s"


def share(value: float, toward: Toward = "nearest") -> str:
    """A share in per cent with two significant digits: `0.13 %`, `12 %`."""
    percent = value * 100
    if percent == 0:
        return "0 %"
    decimals = max(0, 1 - math.floor(math.log10(abs(percent))))
    return f"{_rounded(percent, decimals, toward):.{decimals}f} %"


def under(bound: float) -> str:
    """An upper 95 % bound of a rate: `under 0.13 % at 95 %`."""
    return f"under {share(bound, 'up')} at 95 %"


def one_in(bound: float) -> str:
    """The same bound as newcomers read it: `fewer than 1 in 788`."""
    return f"fewer than 1 in {count(math.floor(1 / bound))}"


def limit(statement: str) -> str:
    """An objective's statement with its sign as a person writes it."""
    return statement.replace("<=", "≤").replace(">=", "≥")


def measured(outcome: ObjectiveOutcome) -> str:
    """What an objective measured, and how sure that is: `1.31 s (at most 1.38 s; n = 1,140)`."""
    if outcome.samples == 0:
        return _joined("nothing measured", _wanting(outcome))
    show = seconds if outcome.unit == "s" else share
    value = "not reached" if outcome.measured is None else show(outcome.measured)
    lower = None if outcome.lower in {None, outcome.measured} else outcome.lower
    upper = None if outcome.upper in {None, outcome.measured} else outcome.upper
    sure: list[str] = []
    if lower is not None and outcome.verdict is not Verdict.PASS:
        sure.append(f"at least {show(lower, 'down')}")
    if upper is not None and outcome.verdict is not Verdict.FAIL:
        sure.append(f"at most {show(upper, 'up')}")
    size = f"n = {count(outcome.samples)}"
    if outcome.censored:
        size += f", {count(outcome.censored)} unfinished"
    return _joined(value, ", ".join(sure), size, _wanting(outcome))


def found_note(check: CheckOutcome) -> str:
    """What stands beside a check's count: the bound that it gives, and its note."""
    bound = "" if check.bound is None else under(check.bound)
    return "; ".join(part for part in (bound, check.note) if part)


def where(finding: Finding) -> str:
    """Where, what class and how often: `frame · CWE-488 · 37 times, first at 4.2 s`."""
    often = times(finding.times)
    if finding.first_s is not None:
        often += f", {'' if finding.times == 1 else 'first '}at {finding.first_s:.1f} s"
    weakness = "" if finding.cwe is None else f"CWE-{finding.cwe}"
    return " · ".join(part for part in (finding.channel, weakness, often) if part)


def looks_like(finding: Finding) -> str:
    """The mechanism that the fingerprint suggests, and why."""
    return ": ".join(part for part in (finding.mechanism, finding.because) if part)


def pointed_at(finding: Finding, moment: Moment) -> str:
    """Whose the marked words are: `ana-07's`; empty where nothing is marked or nobody is known.

    Only what reached somebody else is pointed at; the victim's own moment needs no pointing.
    """
    if moment.mark is None or finding.victim is None or moment.role == "victim":
        return ""
    return f"{finding.victim}'s"


def size(scale: Scale) -> tuple[str, ...]:
    """How big the run was, a phrase each."""
    rows = "rows not read" if scale.rows is None else counted(scale.rows, "row", "rows")
    long = f"{scale.seconds:.1f}" if scale.seconds < 10 else f"{scale.seconds:,.0f}"  # noqa: PLR2004
    return (
        counted(scale.users, "user", "users"),
        counted(scale.queries, "query", "queries"),
        counted(scale.frames, "frame", "frames"),
        rows,
        f"{long} s",
    )


def _wanting(outcome: ObjectiveOutcome) -> str:
    """How many samples would do, where there were too few."""
    return "" if outcome.needed is None else f"{count(outcome.needed)} would do"


def _joined(value: str, *details: str) -> str:
    known = "; ".join(detail for detail in details if detail)
    return f"{value} ({known})" if known else value


def _rounded(value: float, decimals: int, toward: Toward) -> float:
    scale = 10.0**decimals
    noise = LEAST * abs(value * scale)
    if toward == "up":
        return math.ceil(value * scale - noise) / scale
    if toward == "down":
        return math.floor(value * scale + noise) / scale
    return value
