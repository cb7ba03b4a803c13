"""Where the time of an answer went: a bar for each chosen answer, a piece for each step.

It draws the judgement's steps and computes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports import wording
from reports.drawing import SMALL, STEPS, TEXT, UNIT, bare, clip, write
from reports.inline import CURVE, INK, MUTED, OTHER, PAPER, UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from isolation_checks.verdicts.progress import Course, Step

LEFT, RIGHT, HEAD, ROW, GAP, AXIS = 14, 20, 24, 19, 16, 30
"""Units of room: on the sides, for a heading, a step, between two courses, and the time axis."""
LETTER = 0.66
"""Width of a letter, of its size, in the widest of the fonts that the page may be set in."""
AIR = 6
"""Units between a bar and its label."""


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
    for place, step in enumerate(course.steps):
        middle = y + HEAD + ROW * (place + 0.5)
        colour = UNFINISHED if place == 0 else CURVE
        wide = max(step.to_s - step.from_s, longest * 0.0015)
        axes.barh(middle, wide, ROW - 6, left=step.from_s, color=colour, lw=0)
        _labelled(axes, step, middle, (step.from_s, step.from_s + wide), longest / room)


def _labelled(axes: Axes, step: Step, middle: float, bar: tuple[float, float], unit: float) -> None:
    """A step's name and time: behind its bar, before it or in it, wherever there is room."""
    longest = axes.get_xlim()[1]
    took = f" {wording.seconds(step.to_s - step.from_s)}"
    air, letter = AIR * unit, SMALL * LETTER * unit
    behind, before, inside = longest - bar[1] - air, bar[0] - air, bar[1] - bar[0] - 2 * air
    name = step.name
    taken = (len(name) + len(took)) * letter
    if taken > max(behind, before, inside):
        letters = int(max(behind, before) / letter) - len(took) - 1
        name = f"{name[:letters].rstrip()}…" if letters > 1 else ""
        taken = (len(name) + len(took)) * letter
    if taken <= behind or (taken > before and taken > inside and behind >= before):
        write(axes, (bar[1] + air, middle), name + took, color=INK)
    elif taken <= before or taken > inside:
        write(axes, (bar[0] - air, middle), name + took, color=INK, ha="right")
    else:
        write(axes, (bar[0] + air, middle), name + took, color=PAPER)
