"""The pictures of a capacity: throughput, durations and bleeding against the users.

It draws the capacity's numbers and computes none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from isolation_checks.verdicts.lattice import Verdict
from reports.drawing import MOST_TICKS, SMALL, STEPS, UNIT, bare, write
from reports.inline import CURVE, HAIR, INK, MUTED, OTHER, PAPER, RECIPIENT, UNFINISHED, VICTIM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from isolation_checks.verdicts.capacity import Capacity, Step

LEFT, RIGHT, TOP, AXIS = 56, 18, 34, 46
TALL = 200
DASHED = (0, (4, 3))
LINES: tuple[tuple[float, str, str], ...] = (
    (0.5, CURVE, "o"),
    (0.95, UNFINISHED, "D"),
    (0.99, VICTIM, "s"),
)
"""Quantiles that are drawn, each with its colour and its mark: told apart without colour, too."""
SIGNS = {"o": "○", "D": "◇", "s": "□"}
Words = tuple[str, str]


def throughput(capacity: Capacity, *, width: int) -> Figure | None:
    """Answers a second at every load, with the Universal Scalability Law where it was fitted."""
    steps = capacity.steps
    if not steps:
        return None
    figure, axes = _axes(capacity, width)
    for step in steps:
        at, rate = step.users, step.throughput
        axes.vlines(at, rate.lower, rate.upper, color=OTHER, lw=1.6, zorder=2)
        good = step.verdict is Verdict.PASS
        look: dict[str, Any] = {"ms": 7, "mec": CURVE, "mew": 1.4, "zorder": 3}
        axes.plot([at], [rate.value], "o", mfc=CURVE if good else PAPER, **look)
        if step.goodput.value < rate.value:
            axes.plot([at], [step.goodput.value], "v", ms=6, color=UNFINISHED, zorder=4)
    words: list[Words] = [
        ("answers a second", INK),
        ("● load within the objectives", CURVE),
        ("○ not", CURVE),
    ]
    if any(step.goodput.value < step.throughput.value for step in steps):
        words.append(("▼ of them good", UNFINISHED))
    if capacity.law is not None:
        axes.plot(*zip(*capacity.law.curve, strict=True), color=INK, lw=1.4, zorder=1)
        words.append(("— the law", INK))
    _upward(axes, max(step.throughput.upper for step in steps))
    _borne(axes, capacity)
    _headed(axes, words)
    return figure


def durations(capacity: Capacity, *, width: int) -> Figure | None:
    """p50, p95 and p99 of whole answers at every load, with their bounds and the limits."""
    drawn = [
        (step.users, each.q, each.measured, each.lower, each.upper)
        for step in sorted(capacity.steps, key=lambda step: step.users)
        for each in step.completion
        if each.measured is not None
    ]
    if not drawn:
        return None
    figure, axes = _axes(capacity, width)
    words: list[Words] = [("seconds an answer took", INK)]
    for q, colour, mark in LINES:
        own = [each for each in drawn if math.isclose(each[1], q)]
        if not own:
            continue
        axes.plot([e[0] for e in own], [e[2] for e in own], color=colour, lw=1, alpha=0.5)
        for users, _, value, low, high in own:
            ends = (value if low is None else low, value if high is None else high)
            axes.vlines(users, *ends, color=colour, lw=1.4)
            axes.plot([users], [value], mark, ms=6, mfc=PAPER, mec=colour, mew=1.5)
        words.append((f"{SIGNS[mark]} p{q * 100:g}", colour))
    most = max(value if high is None else high for _, _, value, _, high in drawn)
    limits = sorted(_limits(capacity.steps))
    within = [limit for limit in limits if limit <= most * 2]
    _upward(axes, max([most, *within]))
    for limit in within:
        axes.axhline(limit, color=INK, lw=1.2, ls=DASHED)
    words.extend(
        (f"- - limit {limit:g} s" if limit in within else f"limit {limit:g} s, above", MUTED)
        for limit in limits
    )
    _borne(axes, capacity)
    _headed(axes, words)
    return figure


def bleeding(capacity: Capacity, *, width: int) -> Figure | None:
    """Bleeding per thousand queries at every load; none where nothing bled."""
    rates = [(s, s.bleeds_per_thousand) for s in capacity.steps if s.bleeds_per_thousand]
    if not any(step.bleeds for step in capacity.steps) or not rates:
        return None
    figure, axes = _axes(capacity, width)
    for step, rate in rates:
        axes.vlines(step.users, rate.lower, rate.upper, color=RECIPIENT, lw=1.6)
        axes.plot([step.users], [rate.value], "o", ms=7, mfc=RECIPIENT, mec=PAPER, mew=1.2)
        said = f"{step.concurrency:.3g}"
        beside = (step.users, rate.upper)
        axes.annotate(said, beside, (0, 4), textcoords="offset points", ha="center", fontsize=SMALL,
                      color=MUTED)  # fmt: skip
    _upward(axes, max(rate.upper for _, rate in rates))
    _borne(axes, capacity)
    open_ = ("a number: queries open at a time", MUTED)
    _headed(axes, [("queries of a thousand that bled", INK), open_])
    return figure


def _limits(steps: Sequence[Step]) -> set[float]:
    return {
        outcome.limit
        for step in steps
        for outcome in step.objectives
        if outcome.indicator == "completion" and outcome.unit == "s"
    }


def _axes(capacity: Capacity, width: int) -> tuple[Figure, Axes]:
    """Users from left to right; a fresh figure."""
    height = TOP + TALL + AXIS
    figure = Figure(figsize=(width / UNIT, height / UNIT), dpi=UNIT)
    box = (LEFT / width, AXIS / height, 1 - (LEFT + RIGHT) / width, TALL / height)
    axes = figure.add_axes(box)
    bare(axes)
    axes.set_xlim(0, max(step.users for step in capacity.steps) * 1.06)
    axes.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, steps=STEPS, integer=True))
    axes.set_xlabel("users", color=MUTED, fontsize=SMALL, labelpad=2)
    axes.tick_params(axis="y", length=0, labelcolor=MUTED, labelsize=SMALL)
    axes.grid(visible=True, axis="y", color=HAIR, lw=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _upward(axes: Axes, most: float) -> None:
    axes.set_ylim(0, (most or 1) * 1.15)
    steps = MaxNLocator(4, steps=STEPS).tick_values(0, most or 1)
    axes.yaxis.set_major_locator(FixedLocator([at for at in steps if 0 <= at <= most * 1.15]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}"))


def _borne(axes: Axes, capacity: Capacity) -> None:
    """Where the largest load is that was borne."""
    if capacity.within:
        axes.axvline(capacity.within, color=CURVE, lw=1.4, ls=(0, (1, 2)), zorder=0)


def _headed(axes: Axes, words: Sequence[Words]) -> None:
    inside, tall = axes.bbox.width, axes.bbox.height
    x = 4.0 - LEFT
    for place, (said, colour) in enumerate(words):
        size = SMALL + 1 if place == 0 else SMALL
        taken = len(said) * size * (0.64 if place == 0 else 0.58)
        if place and x + taken > inside + RIGHT:
            break
        look = {"color": colour, "fontsize": size, "weight": "normal" if place else "bold"}
        write(
            axes, (x / inside, 1 + 18 / tall), said, transform=axes.transAxes, clip_on=False, **look
        )
        x += taken + 12
