"""How long answers took over the run's time, as a map: the stronger a cell, the more answers.

It draws the judgement's counts and computes none.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from reports import wording
from reports.drawing import SMALL, STEPS, UNIT, bare, write
from reports.inline import CURVE, INK, MUTED, UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from isolation_checks.verdicts.progress import Heat, Timeline

LEFT, RIGHT, TOP, AXIS, LEGEND = 62, 14, 8, 30, 26
ROW = 17.0
"""Height of a step of duration."""
KEY, WORD = 30, 56
"""Room in the legend for a cell with its air, and for the word before all of them."""
SHARES = (0.15, 0.35, 0.62, 1.0)
"""How much of the colour each level has."""
Box = tuple[float, float, float, float]


def heat(cells: Heat | None, run: Timeline | None, *, width: int) -> Figure | None:
    """A column for each slice, a row for each step of duration; on top what never finished.

    None where no answer came.
    """
    if cells is None or run is None:
        return None
    rows = len(cells.edges_s) - 1
    hung = any(cells.unfinished)
    top = rows + (1.4 if hung else 0)
    height = TOP + top * ROW + AXIS + LEGEND
    figure = Figure(figsize=(width / UNIT, height / UNIT), dpi=UNIT)
    box = (
        LEFT / width, (AXIS + LEGEND) / height, 1 - (LEFT + RIGHT) / width, top * ROW / height,
    )  # fmt: skip
    axes = figure.add_axes(box)
    bare(axes)
    axes.set_xlim(run.slices[0].from_s, run.slices[-1].from_s + run.slice_s)
    axes.set_ylim(0, top)
    levels = edges(max(*map(max, cells.counts), *cells.unfinished, 1))
    _cells(axes, cells, run, levels)
    _durations(axes, cells, hung=hung)
    if run.limit_s is not None and cells.edges_s[0] < run.limit_s < cells.edges_s[-1]:
        step = math.log(run.limit_s / cells.edges_s[0]) / math.log(
            cells.edges_s[1] / cells.edges_s[0]
        )
        axes.axhline(step, color=INK, lw=1.2, ls=(0, (4, 3)))
    axes.xaxis.set_major_locator(MaxNLocator(4 if width < 500 else 8, steps=STEPS))  # noqa: PLR2004 - a phone
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g} s"))
    _legend(figure, levels, height)
    return figure


def edges(most: int) -> tuple[int, ...]:
    """The most that each level holds, weakest first, in steps of equal ratio."""
    parts = (math.ceil(most ** (level / len(SHARES))) for level in range(1, len(SHARES)))
    return tuple(sorted({min(part, most) for part in parts} | {most}))


def _cells(axes: Axes, cells: Heat, run: Timeline, levels: tuple[int, ...]) -> None:
    length = run.slice_s
    rows = len(cells.edges_s) - 1
    for level, (below, most) in enumerate(pairwise((0, *levels))):
        share = SHARES[-len(levels) :][level]
        answered = [
            (each.from_s, row, length, 1.0)
            for each, counts in zip(run.slices, cells.counts, strict=True)
            for row, count in enumerate(counts)
            if below < count <= most
        ]
        hung = [
            (each.from_s, rows + 0.4, length, 1.0)
            for each, count in zip(run.slices, cells.unfinished, strict=True)
            if below < count <= most
        ]
        _fill(axes, answered, CURVE, share)
        _fill(axes, hung, UNFINISHED, share)


def _fill(axes: Axes, boxes: Sequence[Box], colour: str, share: float) -> None:
    if boxes:
        codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
        points = [
            (x + dx * 0.96 * wide, y + dy * 0.94 * tall)
            for x, y, wide, tall in boxes
            for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
        ]
        path = Path(points, codes * len(boxes))
        axes.add_patch(PathPatch(path, facecolor=colour, alpha=share, lw=0))


def _durations(axes: Axes, cells: Heat, *, hung: bool) -> None:
    """Round numbers of seconds at the heights where they lie between two steps."""
    low, ratio = cells.edges_s[0], cells.edges_s[1] / cells.edges_s[0]
    numbers = [part * 10.0**power for power in range(-4, 5) for part in (1, 3)]
    within = [at for at in numbers if low * 0.99 <= at <= cells.edges_s[-1] * 1.01]
    places = [math.log(at / low) / math.log(ratio) for at in within]
    names = [f"{at:g} s" for at in within]
    if hung:
        places.append(len(cells.edges_s) - 1 + 0.9)
        names.append("never")
    axes.yaxis.set_major_locator(FixedLocator(places))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda _, place: names[place or 0]))
    axes.tick_params(axis="y", length=0, labelcolor=MUTED, labelsize=SMALL)


def _legend(figure: Figure, levels: tuple[int, ...], height: float) -> None:
    """What each strength stands for."""
    width = figure.get_size_inches()[0] * UNIT
    axes = figure.add_axes((0, 0, 1, LEGEND / height))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(0, LEGEND)
    steps = []
    for below, most in pairwise((0, *levels)):
        first, last = wording.count(below + 1), wording.count(most)
        steps.append(last if first == last else f"{first}–{last}")
    room = sum(KEY + len(said) * SMALL * 0.6 for said in steps) + WORD
    x = max(6.0, min(float(LEFT), width - room))
    write(axes, (x, LEGEND / 2), "answers", color=MUTED)
    x += WORD
    for said, share in zip(steps, SHARES[-len(levels) :], strict=True):
        _fill(axes, [(x, LEGEND / 2 - 6, 12, 12)], CURVE, share)
        write(axes, (x + 17, LEGEND / 2), said, color=MUTED)
        x += KEY + len(said) * SMALL * 0.6
