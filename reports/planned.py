"""How many users a platform serves, as a page and as a PDF.

It may not decide or compute anything; what is not known is said, never guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from reports import capacity_brief, drawing, ladder, levels, wording
from reports.disarm import disarm
from reports.page import templates, twice
from reports.pdf import MUTED, Paper

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from isolation_checks.verdicts.capacity import Capacity, Estimate, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A figure of a capacity, what it means, and what to do."""

    name: str
    title: str
    meaning: str
    todo: str
    draw: Callable[[Capacity, int], Figure | None]


PLOTS = (
    Plot(
        name="throughput",
        title="What is answered, against the users",
        meaning="Each circle is a load that was held, with the 95 % interval of its rate, and the "
        "point what of that was within every objective; the line is the Universal Scalability "
        "Law, and the dotted one the largest load that was borne.",
        todo="Where the curve bends away from a straight line, users begin to wait for each "
        "other: stay left of that, and look for what they share.",
        draw=lambda capacity, width: ladder.throughput(capacity, width=width),
    ),
    Plot(
        name="durations",
        title="How long answers took, against the users",
        meaning="Quantiles of whole answers at each load with their 95 % bounds; the dashed "
        "line is an objective's limit.",
        todo="Where the upper end of a bar crosses its limit, that load is no longer safe to "
        "promise.",
        draw=lambda capacity, width: ladder.durations(capacity, width=width),
    ),
    Plot(
        name="resources",
        title="What the platform itself used, against the users",
        meaning="Each resource that was sampled, on average (●) and at its highest (◇) at each "
        "load; the dashed line is all there is of it.",
        todo="What reaches its dashed line where throughput bends is what to give it more of; "
        "where nothing does, look for a lock, a pool or a quota that was not sampled.",
        draw=lambda capacity, width: levels.against_users(capacity, width=width),
    ),
    Plot(
        name="bleeding",
        title="Bleeding, against the users",
        meaning="Of a thousand queries at each load, in how many somebody received another's "
        "words, with its 95 % interval.",
        todo="Mend the bleeding before you speak of capacity; drive the smallest load that "
        "shows it again and again.",
        draw=lambda capacity, width: ladder.bleeding(capacity, width=width),
    ),
)
WIDTH = 860
P95 = 0.95


def render(capacity: Capacity) -> bytes:
    """The capacity as a self-contained page, in UTF-8."""
    capacity = disarm(capacity)
    plots: list[tuple[Plot, Markup]] = []
    for plot in PLOTS:
        drawn = twice(plot.name, plot.title, partial(plot.draw, capacity))
        if drawn:
            plots.append((plot, drawn))
    page = templates().get_template("capacity.html")
    text = page.render(
        capacity=capacity,
        plots=plots,
        brief=capacity_brief.told(capacity),
        words=wording,
        users=users,
        rate=rate,
        p95=p95,
        note=noted,
        why=why,
    )
    return text.encode()


def paper(capacity: Capacity, made: dt.datetime = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)) -> bytes:
    """The same as a PDF; its date is what it is given, never the clock's."""
    capacity = disarm(capacity)
    written = Paper(capacity.run, made)
    written.say(f"Crosstalk · capacity · run {capacity.run} · {capacity.target}", MUTED)
    written.say(capacity.headline, size=15, bold=True)
    written.say(f"Workload: {capacity.model}", MUTED)
    for heading, sentences in capacity_brief.told(capacity):
        written.say(heading, bold=True)
        for sentence in sentences:
            written.say(sentence)
    if capacity.answers:
        rows = [("question", "users", "because")]
        rows += [(each.asks, users(each.users), each.because) for each in capacity.answers]
        written.table(rows, (34, 18, 48))
    for plot in PLOTS:
        drawn = plot.draw(capacity, WIDTH)
        if drawn is not None:
            written.heading(plot.title, room=30 + written.height(drawn))
            written.say(plot.meaning, MUTED)
            written.picture(drawn)
            written.say(f"What to do. {plot.todo}", MUTED)
    written.heading("The steps")
    table: list[tuple[str, ...]] = [
        ("users", "verdict", "answers a second", "good", "p95", "errors", "bled", "note")
    ]
    table += [
        (
            wording.count(step.users),
            step.verdict,
            rate(step.throughput),
            f"{step.goodput.value:.3g}",
            p95(step),
            "—" if step.errors is None else wording.share(step.errors),
            wording.count(step.bleeds),
            "; ".join(filter(None, (noted(step), *why(step)))),
        )
        for step in capacity.steps
    ]
    written.table(table, (9, 12, 21, 8, 9, 9, 8, 24))
    for sentence in (*capacity.refused, *capacity.unsampled):
        written.say(f"Not said: {sentence}")
    return written.whole()


def pictures(capacity: Capacity) -> Mapping[str, bytes]:
    """Every figure that there is, as PNG and SVG."""
    capacity = disarm(capacity)
    files: dict[str, bytes] = {}
    for plot in PLOTS:
        figure = plot.draw(capacity, WIDTH)
        if figure is not None:
            files[f"{plot.name}.svg"] = drawing.svg(figure, salt=plot.name).encode()
            files[f"{plot.name}.png"] = drawing.png(figure)
    return files


def users(estimate: Estimate | None) -> str:
    """A number of users with its interval; where it would be a guess, it is not known."""
    if estimate is None:
        return "not known"
    value, low, high = (f"{each:,.0f}" for each in (estimate.value, estimate.lower, estimate.upper))
    return value if low == high else f"{value} ({low} to {high})"


def rate(estimate: Estimate) -> str:
    """A rate with its interval."""
    return f"{estimate.value:.3g} ({estimate.lower:.3g} to {estimate.upper:.3g})"


def p95(step: Step) -> str:
    """The quantile of whole answers that most objectives limit; a dash where it is not known."""
    found = next((each.measured for each in step.completion if each.q == P95), None)
    return "—" if found is None else wording.seconds(found)


def why(step: Step) -> list[str]:
    """Which objectives it did not meet, with what was measured."""
    return [
        "; ".join(filter(None, (f"{name}: {wording.measured(each)}", each.note)))
        for each in capacity_brief.missed(step)
        for name in (wording.limit(each.statement),)
    ]


def noted(step: Step) -> str:
    """What must be known of a step: whether the generator kept up, and its note."""
    return "; ".join(filter(None, ("" if step.trusted else "the generator was late", step.note)))
