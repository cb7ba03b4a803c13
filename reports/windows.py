"""Objectives that are judged window by window: what was measured in each, against the limit.

It draws the judgement's windows and computes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isolation_checks.verdicts.lattice import Verdict
from reports import wording
from reports.inline import CURVE, INK, MUTED, OTHER, PAPER, RECIPIENT
from reports.strips import LIMIT, headed, stacked, timed, upward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from isolation_checks.verdicts.outcomes import ObjectiveOutcome, Window

SCALES = {"s": (1, "seconds"), "share": (100, "per cent"), "per_s": (1, "a second")}
"""By what a value is multiplied, and what its axis is called."""
MARKS = {Verdict.PASS: "o", Verdict.FAIL: "D"}
"""The shape of a window's verdict; what is UNKNOWN is hollow, too."""


def windows(objectives: Sequence[ObjectiveOutcome], *, width: int) -> Figure | None:
    """A strip for each objective with windows, over one axis of time; None without any.

    A mark is what was measured, in the middle of its window, and its line the 95 % bounds.  What
    has no finite value stands at the top.
    """
    chosen = [each for each in objectives if each.windows]
    if not chosen:
        return None
    figure, strips = stacked(width, len(chosen))
    last = max(_end(each.windows) for each in chosen)
    for axes, outcome in zip(strips, chosen, strict=True):
        axes.set_xlim(0, last)
        _strip(axes, outcome)
    timed(strips[-1], width)
    return figure


def said(objectives: Sequence[ObjectiveOutcome]) -> str:
    """The same for those who do not see it: how many windows of each are what."""
    parts = []
    for outcome in objectives:
        counts = [
            f"{sum(each.verdict is verdict for each in outcome.windows)} {verdict}"
            for verdict in Verdict
            if any(each.verdict is verdict for each in outcome.windows)
        ]
        if counts:
            parts.append(f"{wording.limit(outcome.statement)}: {', '.join(counts)}")
    return "; ".join(parts)


def _strip(axes: Axes, outcome: ObjectiveOutcome) -> None:
    scale, unit = SCALES[outcome.unit]
    limit = outcome.limit * scale
    finite = [
        value * scale
        for each in outcome.windows
        for value in (each.measured, each.lower, each.upper)
        if value is not None
    ]
    most = max([limit, *finite])
    upward(axes, most)
    axes.axhline(limit, color=INK, lw=1.2, ls=LIMIT)
    top = axes.get_ylim()[1]
    for each, until_s in zip(outcome.windows, _ends(outcome.windows), strict=True):
        middle = (each.from_s + until_s) / 2
        value = top if each.measured is None else each.measured * scale
        low = value if each.lower is None else each.lower * scale
        high = top if each.upper is None else each.upper * scale
        axes.vlines(middle, min(low, value), max(high, value), color=OTHER, lw=1.4, zorder=2)
        colour = RECIPIENT if each.verdict is Verdict.FAIL else CURVE
        known = each.verdict in MARKS
        look: dict[str, Any] = {"mec": colour, "mew": 1.3, "clip_on": False, "zorder": 3}
        mark = MARKS.get(each.verdict, "o")
        axes.plot([middle], [value], mark, ms=6, mfc=colour if known else PAPER, **look)
    named = wording.limit(outcome.statement)
    headed(
        axes,
        (f"{named}, {unit}" if outcome.unit != "s" else named, INK),
        ("● met", CURVE),
        ("◆ missed", RECIPIENT),
        ("○ cannot be told", CURVE),
        ("- - limit", MUTED),
    )


def _ends(chosen: Sequence[Window]) -> list[float]:
    """When each window was over; the last one is taken to be as long as the one before."""
    ends = []
    for place, each in enumerate(chosen):
        length = each.from_s - chosen[place - 1].from_s if place else 1.0
        ends.append(each.from_s + length if each.to_s is None else each.to_s)
    return ends


def _end(chosen: Sequence[Window]) -> float:
    return max(_ends(chosen))
