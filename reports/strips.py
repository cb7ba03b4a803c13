"""How the run went, as strips over one axis of time: load, rate, durations, findings.

It draws the judgement's slices and computes nothing but rates: a count divided by its slice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from reports.drawing import MOST_TICKS, SMALL, STEPS, TEXT, UNIT, bare, write
from reports.inline import CURVE, HAIR, INK, MUTED, OTHER, RECIPIENT, UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from isolation_checks.verdicts.progress import Slice, Timeline

LEFT, RIGHT = 52, 14
HEAD, STRIP, GAP, AXIS = 26, 74, 12, 30
"""Heights of a strip's heading, the strip, the room under it, and the axis of time."""
LEVELS = 3
"""From so many levels of load on, a picture against the load says something."""
LIMIT = (0, (4, 3))
"""The dashes of an objective's limit, wherever one is drawn."""
Words = tuple[str, str]
"""A piece of a heading and its colour."""


def timeline(run: Timeline | None, *, width: int) -> Figure | None:
    """Sessions, answers a second, seconds an answer took, and new findings; None without slices."""
    if run is None:
        return None
    figure, strips = stacked(width, 4)
    ends = (run.slices[0].from_s, run.slices[-1].from_s + run.slice_s)
    for axes in strips:
        axes.set_xlim(*ends)
    _sessions(strips[0], run)
    _rates(strips[1], run)
    _durations(strips[2], run)
    _findings(strips[3], run)
    timed(strips[-1], width)
    return figure


def load(run: Timeline | None, *, width: int) -> Figure | None:
    """Answers a second, and seconds an answer took, against the sessions that were open.

    A mark is a slice of the run.  None where the load took fewer than three levels.
    """
    slices = [each for each in run.slices if each.answered] if run is not None else []
    if run is None or len({each.sessions for each in slices}) < LEVELS:
        return None
    figure, (rate, took) = stacked(width, 2, tall=1.8, axis=AXIS + 16)
    x = [each.sessions for each in slices]
    look: dict[str, Any] = {"ls": "none", "mew": 1.2}
    rates = [each.answered / run.slice_s for each in slices]
    rate.plot(x, rates, "o", ms=6, mfc="none", mec=CURVE, **look)
    rate.plot(x, [each.good / run.slice_s for each in slices], "o", ms=3, color=INK, ls="none")
    headed(rate, ("answers a second", INK), ("○ all", CURVE), ("• within the objective", MUTED))
    quantiles = _took(slices)
    at = [each.sessions for each, _, _ in quantiles]
    took.plot(at, [p50 for _, p50, _ in quantiles], "o", ms=6, mfc="none", mec=CURVE, **look)
    took.plot(at, [p95 for _, _, p95 in quantiles], "D", ms=5, mfc="none", mec=UNFINISHED, **look)
    headed(took, ("seconds an answer took", INK), ("○ p50", CURVE), ("◇ p95", UNFINISHED))
    _limit(took, run)
    for axes, most in ((rate, max(rates)), (took, max(p95 for _, _, p95 in quantiles))):
        axes.set_xlim(0, max(x) * 1.05)
        upward(axes, most)
    took.xaxis.set_visible(True)
    took.set_xlabel("sessions open", color=MUTED, fontsize=SMALL, labelpad=2)
    took.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, steps=STEPS, integer=True))
    took.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}"))
    return figure


def stacked(
    width: int, number: int, tall: float = 1.0, axis: int = AXIS
) -> tuple[Figure, list[Axes]]:
    """An empty figure of so many strips, one below the other; only their y axes show."""
    strip = STRIP * tall
    height = number * (HEAD + strip + GAP) + axis
    figure = Figure(figsize=(width / UNIT, height / UNIT), dpi=UNIT)
    strips = []
    for place in range(number):
        bottom = height - (place + 1) * (HEAD + strip + GAP) + GAP
        box = (LEFT / width, bottom / height, 1 - (LEFT + RIGHT) / width, strip / height)
        axes = figure.add_axes(box)
        bare(axes)
        axes.xaxis.set_visible(False)
        axes.tick_params(axis="y", length=0, labelcolor=MUTED, labelsize=SMALL)
        axes.grid(visible=True, axis="y", color=HAIR, lw=0.8)
        axes.set_axisbelow(True)
        strips.append(axes)
    return figure, strips


def timed(axes: Axes, width: int) -> None:
    """Show the axis of time under a strip."""
    axes.xaxis.set_visible(True)
    axes.xaxis.set_major_locator(MaxNLocator(4 if width < 500 else 8, steps=STEPS))  # noqa: PLR2004 - a phone
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g} s"))


def _sessions(axes: Axes, run: Timeline) -> None:
    counts = [each.sessions for each in run.slices]
    x, y = _edges(run, counts)
    axes.fill_between(x, y, color=OTHER, alpha=0.16, lw=0)
    axes.plot(x, y, color=OTHER, lw=1.6)
    upward(axes, max(counts), whole=True)
    headed(axes, ("sessions open", INK))


def _rates(axes: Axes, run: Timeline) -> None:
    answered = [each.answered / run.slice_s for each in run.slices]
    good = [each.good / run.slice_s for each in run.slices]
    lost = [each.unanswered / run.slice_s for each in run.slices]
    axes.plot(*_edges(run, answered), color=CURVE, lw=2)
    words = [("answers a second", INK), ("— answered", CURVE)]
    if good != answered:
        axes.plot(*_edges(run, good), color=CURVE, lw=1.2, ls=LIMIT)
        words.append(("- - within the objective", CURVE))
    if any(lost):
        axes.bar(
            *_bars(run.slices, lost), width=run.slice_s * 0.6, color=UNFINISHED, alpha=0.75, lw=0
        )
        words.append(("▮ not answered", UNFINISHED))
    upward(axes, max([*answered, *lost]))
    headed(axes, *words)


def _durations(axes: Axes, run: Timeline) -> None:
    some = _took(run.slices)
    middle = [each.from_s + run.slice_s / 2 for each, _, _ in some]
    p50, p95 = [each for _, each, _ in some], [each for _, _, each in some]
    axes.vlines(middle, p50, p95, color=HAIR, lw=2, zorder=1)
    axes.plot(middle, p50, "o", ms=4.5, color=CURVE)
    axes.plot(middle, p95, "D", ms=4, mfc="none", mec=UNFINISHED, mew=1.3)
    upward(axes, max(p95, default=0.0))
    words = [("seconds an answer took", INK), ("• p50", CURVE), ("◇ p95", UNFINISHED)]
    headed(axes, *words, (_limit(axes, run), MUTED))
    if not some:
        _nothing(axes, "nothing was answered")


def _findings(axes: Axes, run: Timeline) -> None:
    found = [each.found for each in run.slices]
    axes.bar(*_bars(run.slices, found), width=run.slice_s * 0.8, color=RECIPIENT, lw=0)
    upward(axes, max(found), whole=True)
    headed(axes, ("new findings of isolation", INK))
    if not any(found):
        _nothing(axes, "none")


def _took(slices: Sequence[Slice]) -> list[tuple[Slice, float, float]]:
    """The slices in which answers came, with p50 and p95 of how long they took."""
    return [
        (each, each.p50_s, each.p95_s)
        for each in slices
        if each.p50_s is not None and each.p95_s is not None
    ]


def _limit(axes: Axes, run: Timeline) -> str:
    """The objective's line where it lies within the picture, and the words for where it lies."""
    if run.limit_s is None:
        return ""
    if run.limit_s > axes.get_ylim()[1]:
        return f"limit {run.limit_s:g} s, above"
    axes.axhline(run.limit_s, color=INK, lw=1.2, ls=LIMIT)
    return f"- - limit {run.limit_s:g} s"


def _edges(run: Timeline, values: Sequence[float]) -> tuple[list[float], list[float]]:
    """A line of steps: each value over the whole of its slice."""
    x = [at for each in run.slices for at in (each.from_s, each.from_s + run.slice_s)]
    return x, [value for value in values for _ in range(2)]


def _bars(slices: Sequence[Slice], values: Sequence[float]) -> tuple[list[float], list[float]]:
    length = slices[1].from_s - slices[0].from_s if len(slices) > 1 else 1.0
    return [each.from_s + length / 2 for each in slices], list(values)


def upward(axes: Axes, most: float, *, whole: bool = False) -> None:
    """From nothing to the most, with two or three round numbers."""
    axes.set_ylim(0, (most or 1) * 1.12)
    steps = MaxNLocator(2, steps=STEPS, integer=whole).tick_values(0, most or 1)
    axes.yaxis.set_major_locator(FixedLocator([at for at in steps if 0 <= at <= most * 1.12]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}"))


def headed(axes: Axes, *words: Words) -> None:
    """What a strip shows, and beside that what its marks stand for; on a phone, as much as fits."""
    inside, tall = axes.bbox.width, axes.bbox.height
    x = -LEFT + 4.0
    for place, (said, colour) in enumerate(word for word in words if word[0]):
        size = TEXT if place == 0 else SMALL
        taken = len(said) * size * (0.62 if place == 0 else 0.56)
        if place and x + taken > inside + RIGHT:
            break
        at = (x / inside, 1 + 13 / tall)
        weight = "bold" if place == 0 else "normal"
        look = {"color": colour, "fontsize": size, "weight": weight}
        write(axes, at, said, transform=axes.transAxes, clip_on=False, **look)
        x += taken + 14


def _nothing(axes: Axes, said: str) -> None:
    write(axes, (0.5, 0.45), said, color=MUTED, ha="center", transform=axes.transAxes)
