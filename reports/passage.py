"""The picture of one finding: who did what when, and which way the words went.

`reports.lanes` says where everything stands; this draws it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from reports.drawing import SMALL, STEPS, TEXT, UNIT, bare, clip, write
from reports.inline import HAIR, INK, MUTED, OTHER, PAPER, RECIPIENT, VICTIM
from reports.lanes import BAR, DOT, GUTTER, MARGIN, MARKS, NAME, Lanes, layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from isolation_checks.verdicts.finding import Finding, Span

LANES_TODO = (
    "Go from the last number back to the first: what happened to the recipient just before the "
    "foreign words came is where to look in the code."
)
LANE = {"victim": VICTIM, "recipient": RECIPIENT, "other": OTHER}
BEHIND = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
"""Behind a name, so that no line runs through it."""
STRENGTH = {"session": 0.18, "query": 0.45}
AXIS = 30
"""Height of the time axis under the lanes."""
PHONE = 500
"""Below this width the time axis has fewer ticks."""
EDGE = 16
"""Units from either edge within which a tick's number would not fit."""


def lanes(finding: Finding, *, width: int) -> Figure | None:
    """Who did what when: a lane for each principal, and an arrow along the words' way.

    The axis shows the time of the witness, so a span that lasts longer runs to its edge.  The
    x data are seconds since the run began; moments on another clock stand right of the axis.
    None where the finding has no time to show.
    """
    places = layout(finding, width)
    if places is None:
        return None
    height = places.height + AXIS
    figure = Figure(figsize=(width / UNIT, height / UNIT), dpi=UNIT)
    axes = figure.add_axes(
        (MARGIN / width, AXIS / height, 1 - 2 * MARGIN / width, 1 - AXIS / height)
    )
    axes.set_xlim(places.from_s, places.edge_s)
    axes.set_ylim(places.height, 0)
    _time_axis(axes, places, ticks=3 if width < PHONE else 6)
    for who in places.roles:
        _named(axes, places, who, clip(who, width * 0.68, TEXT))
        level = places.tops[who] + NAME + MARKS / 2
        axes.hlines(level, places.from_s, places.to_s, color=HAIR, lw=1)
        for row, spans in enumerate(places.rows[who]):
            for span in spans:
                _bar(axes, span, places, level + MARKS / 2 + BAR * (row + 0.5))
    for number, (moment, mark) in enumerate(zip(finding.witness, places.marks, strict=True), 1):
        if moment.at_s is not None:
            axes.vlines(moment.at_s, mark[1], places.height, color=HAIR, lw=1, zorder=0)
        colour = LANE[places.roles[moment.who]]
        axes.plot(*mark, "o", ms=DOT, mfc=colour, mec=PAPER, mew=1.5, clip_on=False, zorder=4)
        write(axes, mark, str(number), color=PAPER, ha="center", weight="bold")
    if places.arrow is not None:
        _arrow(axes, places, places.arrow)
    return figure


def _named(axes: Axes, places: Lanes, who: str, name: str) -> None:
    """Over a lane, whose it is, and beside that what they are in the finding."""
    role = places.roles[who]
    look = {"color": LANE[role], "fontsize": TEXT, "weight": "bold", "bbox": BEHIND}
    written = write(axes, (places.from_s, places.tops[who] + NAME / 2), name, **look)
    if role != "other":
        beside: dict[str, Any] = {"xytext": (9, 0), "textcoords": "offset points", "va": "center"}
        small: dict[str, Any] = {"color": MUTED, "fontsize": SMALL, "bbox": BEHIND}
        axes.annotate(role, (1, 0.5), xycoords=written, **beside, **small)


def _bar(axes: Axes, span: Span, places: Lanes, y: float) -> None:
    """A span, cut to the window; a sign at the edge says that it goes on there."""
    left = max(span.from_s, places.from_s)
    right = places.to_s if span.to_s is None else min(span.to_s, places.to_s)
    colour, strength = LANE[places.roles[span.who]], STRENGTH[span.kind]
    axes.barh(y, right - left, BAR - 3, left=left, color=colour, alpha=strength, lw=0)
    before = "\u2039 " if span.from_s < places.from_s else ""
    label = clip(before + span.label, (right - left) * places.second - 24, SMALL)
    write(axes, (left + 5 / places.second, y), label, color=INK)
    if span.to_s is None or span.to_s > places.to_s:
        write(axes, (right - 4 / places.second, y), "\u203a", color=INK, ha="right")


def _arrow(axes: Axes, places: Lanes, moments: tuple[int, int]) -> None:
    """The way of the words: it leaves level and falls on the mark where they arrived."""
    given, arrived = (places.marks[place] for place in moments)
    across, down = abs(arrived[0] - given[0]) * places.second, arrived[1] - given[1]
    bend = min(0.25, 0.5 * down / across) if across and down else 0.5
    look = {
        "arrowstyle": "-|>,head_length=0.55,head_width=0.26",
        "connectionstyle": f"arc3,rad={-bend:.3f}",
        "color": INK,
        "lw": 1.5,
        "shrinkA": DOT / 2 + 1,
        "shrinkB": 1 if down else DOT / 2 + 1,
    }
    end = (arrived[0], arrived[1] - DOT / 2) if down else arrived
    axes.annotate("", xy=end, xytext=given, arrowprops=look, zorder=3)


def _time_axis(axes: Axes, places: Lanes, ticks: int) -> None:
    """Seconds under the lanes; to the right of them, what stands on no clock of ours."""
    bare(axes)
    steps = MaxNLocator(ticks, steps=STEPS).tick_values(places.from_s, places.to_s)
    air = EDGE / places.second
    first, last = places.from_s + air, min(places.to_s, places.edge_s - air)
    within = [float(at) for at in steps if first <= at <= last]
    step = float(steps[1] - steps[0]) if len(steps) > 1 else 1.0
    decimals = next((digits for digits in range(6) if step >= 0.999 * 10.0**-digits), 6)
    axes.xaxis.set_major_locator(FixedLocator(within))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:.{decimals}f} s"))
    if places.edge_s > places.to_s:
        border = places.to_s + GUTTER / 2 / places.second
        axes.axvline(border, color=HAIR, lw=1, ls=(0, (2, 3)))
        below = (places.edge_s, places.height + 9)
        write(axes, below, "rows", color=MUTED, ha="right", va="top")
