"""The bleed matrix as a picture: whose content (rows) reached whom (columns), and how often.

It draws the numbers of `reports.grid` and computes none.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from reports import wording
from reports.drawing import SMALL, TEXT, UNIT, clip, write
from reports.grid import grid
from reports.inline import HAIR, INK, MUTED, PAPER, RECIPIENT, VICTIM
from reports.lanes import MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from isolation_checks.verdicts.finding import Pair
    from reports.grid import Grid

MOST = 30
"""Principals in each direction."""
LEAST_CELL, LARGEST_CELL = 15.0, 38.0
LONGEST_NAME = 118
SHORTEST_NAME = 52
"""Room that names have at most and, for the word over them, at least."""
HEAD, LEGEND, NOTE = 26, 34, 20
"""Heights of the line over the names, of the legend and of what was left out."""
STRENGTHS = (0.12, 0.3, 0.52, 1.0)
"""How much of the colour a level has; ink is read on all but the last, paper on that."""
NUMBERS = (11.0, 9.0)
"""Sizes in which numbers are written into cells where all of them fit."""
WIDE_SIGN = 0.6
"""Width of a digit, of its size."""
SPARE = 0.88
"""How much of its room a name may take: letters such as `n` are wider than most."""
GAP = 1.0


def matrix(pairs: Iterable[Pair], *, width: int) -> Figure | None:
    """A cell per owner and recipient, the stronger the more often; its number where there is room.

    The most affected stand first; who found no place is counted below.  None where there are
    fewer than two pairs.
    """
    pairs = tuple(pairs)
    names = _room({who for pair in pairs for who in (pair.owner, pair.recipient)}, width)
    cells = grid(pairs, min(MOST, int((width - names - 2 * MARGIN) / LEAST_CELL)))
    if cells is None:
        return None
    cell = min(LARGEST_CELL, (width - names - 2 * MARGIN) / len(cells.recipients))
    top = HEAD + names
    bottom = top + cell * len(cells.owners)
    left_out = _left_out(cells)
    height = bottom + LEGEND + (NOTE if left_out else 0)
    figure = Figure(figsize=(width / UNIT, height / UNIT), dpi=UNIT)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    _names(axes, cells, (names, top), cell)
    _squares(axes, cells, (names, top), cell)
    _numbers(axes, cells, (names, top), cell)
    _legend(axes, cells, bottom + LEGEND / 2)
    if left_out:
        write(axes, (MARGIN, bottom + LEGEND + NOTE / 3), left_out, color=MUTED)
    return figure


def _room(names: set[str], width: int) -> float:
    """How long names may be: as long as the longest, within limits and a quarter of the width."""
    longest = max((len(clip(name, LONGEST_NAME, SMALL)) for name in names), default=0)
    wanted = min(longest * SMALL * WIDE_SIGN / SPARE + 14, LONGEST_NAME, width / 4)
    return max(wanted, SHORTEST_NAME)


def _names(axes: Axes, cells: Grid, corner: tuple[float, float], cell: float) -> None:
    """Owners beside their rows, recipients over their columns, and what rows and columns are."""
    left, top = corner
    size = min(SMALL, cell * 0.72)
    write(axes, (MARGIN, top - 10), "whose", color=VICTIM, weight="bold", fontsize=TEXT)
    write(axes, (left, HEAD / 2), "reached whom", color=RECIPIENT, weight="bold", fontsize=TEXT)
    for row, owner in enumerate(cells.owners):
        place = (left - 6, top + cell * (row + 0.5))
        write(
            axes,
            place,
            clip(owner, (left - 10) * SPARE, size),
            color=VICTIM,
            ha="right",
            fontsize=size,
        )
    look = {"color": RECIPIENT, "rotation": 90, "ha": "center", "va": "bottom", "fontsize": size}
    for column, recipient in enumerate(cells.recipients):
        place = (left + cell * (column + 0.5), top - 6)
        write(axes, place, clip(recipient, (top - HEAD - 8) * SPARE, size), **look)


def _squares(axes: Axes, cells: Grid, corner: tuple[float, float], cell: float) -> None:
    """Cells of a level in one path; one's own cell is grey, since nothing can pass there."""
    left, top = corner
    right = left + cell * len(cells.recipients)
    bottom = top + cell * len(cells.owners)
    axes.hlines([top + cell * row for row in range(len(cells.owners) + 1)], left, right, HAIR, lw=1)
    columns = [left + cell * column for column in range(len(cells.recipients) + 1)]
    axes.vlines(columns, top, bottom, HAIR, lw=1)
    own = [
        (row, cells.recipients.index(owner))
        for row, owner in enumerate(cells.owners)
        if owner in cells.recipients
    ]
    _fill(axes, [(left + cell * x, top + cell * y) for y, x in own], cell, HAIR, 0.55)
    strengths = STRENGTHS[-len(cells.edges) :]
    for level, strength in enumerate(strengths):
        places = [
            (left + cell * column, top + cell * row)
            for (row, column), times in cells.times.items()
            if cells.level(times) == level
        ]
        _fill(axes, places, cell, RECIPIENT, strength)


def _fill(
    axes: Axes, places: list[tuple[float, float]], cell: float, colour: str, strength: float
) -> None:
    """Squares with their left upper corners at these places."""
    if places:
        side = cell - GAP
        corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side), (0.0, 0.0)]
        codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
        points = [(x + GAP / 2 + dx, y + GAP / 2 + dy) for x, y in places for dx, dy in corners]
        path = Path(points, codes * len(places))
        axes.add_patch(PathPatch(path, facecolor=colour, alpha=strength, lw=0, zorder=2))


def _numbers(axes: Axes, cells: Grid, corner: tuple[float, float], cell: float) -> None:
    """How often, in every cell or, where they would not all fit, in none."""
    written = {place: wording.count(times) for place, times in cells.times.items()}
    longest = max(map(len, written.values()), default=0)
    size = next((size for size in NUMBERS if longest * size * WIDE_SIGN <= cell - 3), None)
    if size is None:
        return
    last = len(cells.edges) - 1
    for (row, column), words in written.items():
        place = (corner[0] + cell * (column + 0.5), corner[1] + cell * (row + 0.5))
        colour = PAPER if cells.level(cells.times[row, column]) == last else INK
        write(axes, place, words, color=colour, ha="center", fontsize=size)


def _legend(axes: Axes, cells: Grid, y: float) -> None:
    """What each strength stands for."""
    x, side = float(MARGIN), 12.0
    write(axes, (x, y), "how often", color=MUTED)
    x += len("how often") * SMALL * WIDE_SIGN + 8
    strengths = STRENGTHS[-len(cells.edges) :]
    for (below, edge), strength in zip(pairwise((0, *cells.edges)), strengths, strict=True):
        _fill(axes, [(x, y - side / 2)], side + GAP, RECIPIENT, strength)
        first, last = wording.count(below + 1), wording.count(edge)
        words = last if first == last else f"{first}–{last}"
        write(axes, (x + side + 4, y), words, color=MUTED)
        x += side + len(words) * SMALL * WIDE_SIGN + 14


def _left_out(cells: Grid) -> str:
    """Who found no place: those with the fewest."""
    left = [
        wording.counted(number, one, many)
        for number, one, many in (
            (cells.owners_left, "owner", "owners"),
            (cells.recipients_left, "recipient", "recipients"),
        )
        if number
    ]
    return f"{' and '.join(left)} with fewer are not shown" if left else ""
