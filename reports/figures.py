"""The pictures of a report: a finding's swim lanes, and how long each phase took.

With `reports.matrix` the only importer of matplotlib.  It draws the numbers that the judgement
holds and computes none.  It draws on `Figure` objects, so there is no global state.
"""

from __future__ import annotations

import io
import unicodedata
import warnings
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from reports import wording
from reports.inline import CURVE, HAIR, INK, MUTED, OTHER, PAPER, RECIPIENT, UNFINISHED, VICTIM
from reports.lanes import BAR, DOT, GUTTER, MARGIN, MARKS, NAME, Lanes, layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from isolation_checks.verdicts.finding import Finding, Span
    from isolation_checks.verdicts.outcomes import Distribution

LANES_TODO = (
    "Go from the last number back to the first: what happened to the recipient just before the "
    "foreign words came is where to look in the code."
)
PHASES_MEANING = (
    "Which share (upwards) was done after so many seconds (to the right), on one axis for all "
    "panels; the dashed line is an objective\u2019s limit, the diamond on it the share that has "
    "to be done by then, and a curve that ends below 100\u00a0% belongs to queries that never "
    "finished."
)
PHASES_TODO = "The first panel from the left whose curve passes below its diamond is where to look."
UNIT = 72
"""Units of the drawing in an inch: one is a pixel of the page."""
LANE = {"victim": VICTIM, "recipient": RECIPIENT, "other": OTHER}
BEHIND = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
"""Behind a name, so that no line runs through it."""
STRENGTH = {"session": 0.18, "query": 0.45}
TEXT, SMALL = 12.5, 11.0
AXIS = 30
"""Height of the time axis under the lanes."""
PHONE = 500
"""Below this width the time axis has fewer ticks."""
PANEL = (300, 214)
WIDE = 20.0
"""From this ratio of longest to shortest on, durations are shown on a logarithmic axis."""
STEPS = (1, 2, 5, 10)
"""Steps of an axis that a person counts in."""
MOST_TICKS = 5
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


def phases(latency: Sequence[Distribution]) -> tuple[Figure, ...]:
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


def svg(figure: Figure, *, salt: str) -> str:
    """A figure as SVG: the same figure and salt give the same text.

    Letters stay letters, so that they can be found and are set in the page's font.
    """
    written = io.StringIO()
    bare = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph that the reader's fonts will have
        figure.savefig(written, format="svg", transparent=True, metadata=bare)
    return written.getvalue()


def png(figure: Figure) -> bytes:
    """A figure as PNG on the page's paper, two pixels for each of the page's."""
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph that the font lacks is a box
        look: dict[str, Any] = {"dpi": 2 * UNIT, "facecolor": PAPER, "metadata": {"Software": None}}
        figure.savefig(written, format="png", **look)
    return written.getvalue()


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


def bare(axes: Axes) -> None:
    """Only the time axis, quiet."""
    axes.patch.set_visible(False)
    axes.yaxis.set_major_locator(NullLocator())
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(HAIR)
    axes.tick_params(axis="x", color=HAIR, labelcolor=MUTED, labelsize=SMALL, length=4, pad=4)


def write(axes: Axes, place: tuple[float, float], words: str, **look: Any) -> Text:  # noqa: ANN401 - matplotlib's text properties
    """Words at a place of the data; a dollar in them is a dollar."""
    plain: dict[str, Any] = {"fontsize": SMALL, "va": "center_baseline", "zorder": 6}
    return axes.text(*place, words, parse_math=False, **(plain | look))


def _breadth(char: str) -> float:
    """How wide a letter is, of its size, at most about."""
    if unicodedata.east_asian_width(char) in "WF":
        return 1.05
    return 1.0 if char in "WM@%\u2014" else 0.58


def clip(words: str, room: float, size: float) -> str:
    """Words that take at most about `room` units at this font size."""
    taken = 0.0
    for place, char in enumerate(words):
        taken += size * _breadth(char)
        if taken > room:
            return words[: place - 1].rstrip() + "…" if place > 1 else ""
    return words
