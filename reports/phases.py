"""How long each phase of an answer took: a curve for each, against the limit.

It draws the quantiles that the judgement holds and computes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from reports import wording
from reports.drawing import MOST_TICKS, SMALL, STEPS, TEXT, UNIT, bare, clip, write
from reports.inline import CURVE, HAIR, INK, MUTED, PAPER, UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from isolation_checks.verdicts.outcomes import Distribution

PHASES_MEANING = (
    "Which share (upwards) was done after so many seconds (to the right), on one axis for all "
    "panels; the dashed line is an objective\u2019s limit, the diamond on it the share that has "
    "to be done by then, and a curve that ends below 100\u00a0% belongs to queries that never "
    "finished."
)
PHASES_TODO = "The first panel from the left whose curve passes below its diamond is where to look."
PANEL = (300, 214)
WIDE = 20.0
"""From this ratio of longest to shortest on, durations are shown on a logarithmic axis."""


def panels(latency: Sequence[Distribution]) -> tuple[Figure, ...]:
    """How long each phase took: a panel per phase, all on the same axis of seconds.

    A curve shows which share (y, 0 to 1) was done after x seconds; where queries never
    finished, it does not reach 1.  The dashed line is the objective's limit and the diamond on
    it the share that has to be done by then.
    """
    values = [value for phase in latency for value in phase.quantiles_s if value is not None]
    values += [phase.limit_s for phase in latency if phase.limit_s is not None]
    low, high = min(values, default=0.0), max(values, default=1.0) or 1.0
    log = low > 0 and high / low > WIDE
    air = 1.5 if log and any(phase.censored for phase in latency) else 1.15
    bounds = (low / 1.15, high * air) if log else (0.0, high * air)
    return tuple(_panel(phase, bounds, log=log) for phase in latency)


def _panel(phase: Distribution, bounds: tuple[float, float], *, log: bool) -> Figure:
    """One phase: its curve, its limit, how many samples, and how many never finished."""
    width, height = PANEL
    figure = Figure(figsize=(width / UNIT, height / UNIT), dpi=UNIT)
    axes = figure.add_axes((44 / width, 34 / height, 1 - 60 / width, 1 - 88 / height))
    _durations(axes, bounds, log=log)
    last = max(len(phase.quantiles_s) - 1, 1)
    done = [
        (value, place / last) for place, value in enumerate(phase.quantiles_s) if value is not None
    ]
    if done:
        axes.plot(*zip(*done, strict=True), color=CURVE, lw=2, drawstyle="steps-post")
    else:
        nothing = "none finished" if phase.samples else "nothing measured"
        write(axes, (0.5, 0.25), nothing, color=MUTED, ha="center", transform=axes.transAxes)
    if phase.censored:
        reached = done[-1][1] if done else 0.0
        axes.axhspan(reached, 1, color=UNFINISHED, alpha=0.16, lw=0)
        if done:
            axes.hlines(reached, done[-1][0], bounds[1], color=CURVE, lw=1.4, ls=(0, (1, 2)))
            axes.plot(*done[-1], "o", ms=6, mfc=PAPER, mec=CURVE, mew=1.6, zorder=4)
    if phase.limit_s is not None:
        wanted = 1.0 if phase.limit_quantile is None else phase.limit_quantile
        axes.axvline(phase.limit_s, color=INK, lw=1.2, ls=(0, (4, 3)))
        axes.plot([phase.limit_s], [wanted], "D", ms=7, mfc=INK, mec=PAPER, mew=1.2, clip_on=False)
    _headed(figure, phase)
    return figure


def _headed(figure: Figure, phase: Distribution) -> None:
    """What stands over a panel: the phase and its samples, its limit and the unfinished ones."""
    width, height = PANEL
    unfinished = f"{wording.count(phase.censored)} never finished" if phase.censored else ""
    first, second = 1 - 16 / height, 1 - 35 / height
    left, right = 6 / width, 1 - 14 / width
    name: dict[str, Any] = {"color": INK, "fontsize": TEXT, "weight": "bold"}
    note: dict[str, Any] = {"color": MUTED, "fontsize": SMALL}
    loud: dict[str, Any] = {"color": UNFINISHED, "fontsize": SMALL}
    for x, y, words, look in (
        (left, first, clip(phase.label, 190, TEXT), name),
        (right, first, f"n = {wording.count(phase.samples)}", note),
        (left, second, wording.within(phase), note),
        (right, second, unfinished, loud),
    ):
        anchor = "left" if x == left else "right"
        figure.text(x, y, words, ha=anchor, va="center", parse_math=False, **look)


def _durations(axes: Axes, bounds: tuple[float, float], *, log: bool) -> None:
    """Axes of a panel: seconds from left to right, a share from bottom to top."""
    bare(axes)
    axes.set_xscale("log" if log else "linear")
    axes.set_xlim(*bounds)
    axes.set_ylim(0, 1.02)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(bounds, log=log)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g} s"))
    axes.yaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda part, _: f"{part * 100:.0f} %"))
    axes.tick_params(axis="y", length=0, labelcolor=MUTED, labelsize=SMALL)
    axes.grid(visible=True, axis="y", color=HAIR, lw=0.8)
    axes.set_axisbelow(True)


def _ticks(bounds: tuple[float, float], *, log: bool) -> list[float]:
    """Round numbers of seconds within the bounds, five at most."""
    within = [float(at) for at in MaxNLocator(MOST_TICKS - 1, steps=STEPS).tick_values(*bounds)]
    choices = ((1, 2, 5), (1, 3), (1,)) if log else ()
    for parts in choices:
        within = [part * 10.0**power for power in range(-9, 9) for part in parts]
        if sum(bounds[0] <= at <= bounds[1] for at in within) <= MOST_TICKS:
            break
    return [at for at in within if bounds[0] <= at <= bounds[1]]
