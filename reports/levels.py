"""How much of the platform's own resources was in use: over the run's time, and against the users.

It draws what was sampled and computes none of it; each resource has a strip and a scale of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports.drawing import MOST_TICKS, SMALL, STEPS
from reports.inline import CURVE, HAIR, INK, MUTED, UNFINISHED
from reports.strips import AXIS, LIMIT, headed, stacked, timed, upward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from isolation_checks.verdicts.capacity import Capacity, Used
    from isolation_checks.verdicts.progress import Resource, Timeline

MOST = 8
"""Strips of one figure; further resources stand in the tables."""
MEGA = 1e6
NEAR = 4
"""What there is of a resource is drawn where it is at most so many times what was in use."""
UNITS = {"cores": "cores", "bytes": "MB", "count": "", "per_s": "a second"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """How a resource is called and in what it is drawn."""

    words: str
    divisor: float
    most: float | None


def over_time(run: Timeline | None, *, width: int) -> Figure | None:
    """Every sampled resource over the run's time; None where nothing was sampled."""
    sampled = (
        [r for r in run.resources if any(level is not None for level in r.levels)] if run else []
    )
    if run is None or not sampled:
        return None
    figure, strips = stacked(width, len(sampled[:MOST]))
    ends = (run.slices[0].from_s, run.slices[-1].from_s + run.slice_s)
    for axes, resource in zip(strips, sampled, strict=False):
        scale = _scale(resource)
        at = [
            (slice_.from_s + run.slice_s / 2, level / scale.divisor)
            for slice_, level in zip(run.slices, resource.levels, strict=True)
            if level is not None
        ]
        axes.set_xlim(*ends)
        axes.plot([x for x, _ in at], [y for _, y in at], color=CURVE, lw=1.8, marker=".", ms=4)
        _finish(axes, scale, max(y for _, y in at))
    timed(strips[-1], width)
    return figure


def against_users(capacity: Capacity, *, width: int) -> Figure | None:
    """Every sampled resource at every load: its mean, and its peak above; None without any."""
    names = list(dict.fromkeys(_name(used) for step in capacity.steps for used in step.resources))
    if not names:
        return None
    figure, strips = stacked(width, len(names[:MOST]), axis=AXIS + 16)
    most_users = max(step.users for step in capacity.steps)
    for axes, name in zip(strips, names, strict=False):
        own = [
            (step.users, used)
            for step in sorted(capacity.steps, key=lambda step: step.users)
            for used in step.resources
            if _name(used) == name
        ]
        scale = _scale(own[-1][1])
        _levels(axes, own, scale.divisor)
        axes.set_xlim(0, most_users * 1.06)
        if capacity.within:
            axes.axvline(capacity.within, color=CURVE, lw=1.4, ls=(0, (1, 2)), zorder=0)
        _finish(axes, scale, max(used.peak for _, used in own) / scale.divisor)
    last = strips[-1]
    last.xaxis.set_visible(True)
    last.set_xlabel("users", color=MUTED, fontsize=SMALL, labelpad=2)
    last.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, steps=STEPS, integer=True))
    last.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}"))
    return figure


def _levels(axes: Axes, own: Sequence[tuple[int, Used]], divisor: float) -> None:
    users = [at for at, _ in own]
    means = [used.mean / divisor for _, used in own]
    peaks = [used.peak / divisor for _, used in own]
    axes.vlines(users, means, peaks, color=HAIR, lw=2, zorder=1)
    axes.plot(users, means, "o-", ms=5, color=CURVE, lw=1.2)
    axes.plot(users, peaks, "D", ms=4, mfc="none", mec=UNFINISHED, mew=1.3)


def _name(used: Used | Resource) -> tuple[str, str]:
    return used.source, used.resource


def _scale(used: Used | Resource) -> _Scale:
    divisor = MEGA if used.unit == "bytes" else 1.0
    most = None if used.most is None else used.most / divisor
    name, unit = used.resource.replace("cpu", "CPU", 1), UNITS[used.unit]
    words = f"{name}, {unit} ({used.source})" if unit else f"{name} ({used.source})"
    return _Scale(words=words, divisor=divisor, most=most)


def _finish(axes: Axes, scale: _Scale, peak: float) -> None:
    """Its scale, its heading, and what there is of it where that lies within the picture."""
    near = scale.most is not None and scale.most <= NEAR * peak
    upward(axes, max(peak, scale.most or 0.0) if near else peak)
    words = [(scale.words, INK)]
    if scale.most is not None:
        said = f"{scale.most:,.0f}"
        words.append(
            (f"- - all there is: {said}" if near else f"all there is: {said}, above", MUTED)
        )
    if near and scale.most is not None:
        axes.axhline(scale.most, color=INK, lw=1.2, ls=LIMIT)
    headed(axes, *words)
