"""Where the time of an answer went: a bar for each chosen answer, a piece for each step.

It draws the judgement's steps and computes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports import wording
from reports.figures import SMALL, STEPS, TEXT, UNIT, bare, clip, write
from reports.inline import CURVE, INK, MUTED, OTHER, PAPER, UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from isolation_checks.judging.verdict import Course

LEFT, RIGHT, HEAD, ROW, GAP, AXIS = 14, 20, 24, 19, 16, 30
"""Units of room: on the sides, for a heading, a step, between two courses, and the time axis."""
LETTER = 0.6
"""Width of a letter, of its size."""


def courses(chosen: Sequence[Course], *, width: int) -> Figure | None:
    """Each chosen answer from when it was due, a row for each step; None where there is none."""
    if not chosen:
        return None
    tall = [HEAD + ROW * len(course.steps) + GAP for course in chosen]
    height = float(sum(tall) + AXIS)
    figure = Figure(figsize=(width / UNIT, height / UNIT), dpi=UNIT)
    box = (LEFT / width, AXIS / height, 1 - (LEFT + RIGHT) / width, 1 - AXIS / height)
    axes = figure.add_axes(box)
    bare(axes)
    longest = max(course.took_s for course in chosen) or 1.0
    axes.set_xlim(0, longest)
    axes.set_ylim(height - AXIS, 0)
    axes.grid(visible=True, axis="x", color=OTHER, alpha=0.25, lw=0.8)
    axes.set_axisbelow(True)
    y = 0.0
    for course, room in zip(chosen, tall, strict=True):
        _course(axes, course, y, longest, width - LEFT - RIGHT)
        y += room
    axes.xaxis.set_major_locator(MaxNLocator(4 if width < 500 else 8, steps=STEPS))  # noqa: PLR2004 - a phone
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g} s"))
    return figure


def _course(axes: Axes, course: Course, y: float, longest: float, room: float) -> None:
    said = clip(f"{course.label}: {wording.seconds(course.took_s)}", room, TEXT)
    write(axes, (0, y + HEAD / 2), said, color=INK, fontsize=TEXT, weight="bold")
    note = f"{course.who}, due at {wording.clock(course.due_s)}"
    taken = len(said) * TEXT * 0.62 + 12
    if taken + len(note) * SMALL * LETTER < room:
        write(axes, (taken / room * longest, y + HEAD / 2), note, color=MUTED)
    unit = longest / room
    for place, step in enumerate(course.steps):
        middle = y + HEAD + ROW * (place + 0.5)
        colour = UNFINISHED if place == 0 else CURVE
        wide = max(step.to_s - step.from_s, longest * 0.0015)
        axes.barh(middle, wide, ROW - 6, left=step.from_s, color=colour, lw=0)
        took = f"  {wording.seconds(step.to_s - step.from_s)}"
        name = clip(step.name, room * 0.45, SMALL) + took
        taken = (len(name) * SMALL * LETTER + 6) * unit
        if step.from_s + wide + taken <= longest:
            write(axes, (step.from_s + wide + 6 * unit, middle), name, color=INK)
        elif taken <= step.from_s:
            write(axes, (step.from_s - 6 * unit, middle), name, color=INK, ha="right")
        else:
            write(axes, (step.from_s + 6 * unit, middle), name, color=PAPER)
