"""Which phases of two users met: a triangle of cells, each with how often.

It draws the judgement's counts and computes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reports import wording
from reports.drawing import SMALL, UNIT, write
from reports.heat import SHARES, edges
from reports.inline import CURVE, HAIR, INK, MUTED, PAPER, UNFINISHED

if TYPE_CHECKING:
    from isolation_checks.verdicts.progress import Coverage

NAMES, TOP, MARGIN = 84, 26, 6
CELL = (104.0, 40.0)
"""Width at most, and height, of a cell."""


def meetings(coverage: Coverage | None, *, width: int) -> Figure | None:
    """A row and a column for each phase; what never met is framed.  None without any count."""
    if coverage is None:
        return None
    phases = coverage.phases
    wide = min(CELL[0], (width - NAMES - 2 * MARGIN) / len(phases))
    tall = CELL[1]
    height = TOP + tall * len(phases) + MARGIN
    figure = Figure(figsize=(width / UNIT, height / UNIT), dpi=UNIT)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    levels = edges(max([met.times for met in coverage.met] + [1]))
    for place, phase in enumerate(phases):
        write(axes, (NAMES + wide * (place + 0.5), TOP / 2), phase, color=MUTED, ha="center")
        write(axes, (NAMES - 8, TOP + tall * (place + 0.5)), phase, color=MUTED, ha="right")
    for met in coverage.met:
        row, column = sorted((phases.index(met.one), phases.index(met.other)))
        x, y = NAMES + wide * column, TOP + tall * row
        level = next((n for n, edge in enumerate(levels) if met.times <= edge), 0)
        share = SHARES[-len(levels) :][level] if met.times else 0.0
        corner, size = (x + 1, y + 1), (wide - 2, tall - 2)
        axes.add_patch(Rectangle(corner, *size, facecolor=CURVE, alpha=share, lw=0))
        edge, dashes = (HAIR, "-") if met.times else (UNFINISHED, (0, (3, 2)))
        look: dict[str, Any] = {"facecolor": "none", "edgecolor": edge, "lw": 1.2, "ls": dashes}
        axes.add_patch(Rectangle(corner, *size, **look))
        colour = UNFINISHED if not met.times else PAPER if share == 1 else INK
        said = wording.count(met.times) if met.times else "never"
        write(axes, (x + wide / 2, y + tall / 2), said, color=colour, ha="center", fontsize=SMALL)
    return figure
