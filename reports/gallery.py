"""Every figure of a report but the findings' own: what it is called, what it says, what to do.

The page, the folder of pictures and the PDF show what is listed here, in this order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports import wording
from reports.courses import courses
from reports.heat import heat
from reports.levels import over_time
from reports.matrix import matrix
from reports.meetings import meetings
from reports.strips import load, timeline
from reports.windows import said as windows_said
from reports.windows import windows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from isolation_checks.verdicts.verdict import Judgement

Draw = Callable[["Judgement", int], "Figure | None"]
TOLD = 10
"""Pairs of the matrix that are told to those who do not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One figure: for a width it is drawn, or there is nothing to draw."""

    name: str
    title: str
    meaning: str
    """One sentence: what is to be seen."""
    todo: str
    """One sentence: what to do with it."""
    draw: Draw
    says: Callable[[Judgement], str]
    """What it shows, for those who do not see it."""


def _pairs_said(judgement: Judgement) -> str:
    return "; ".join(
        f"{pair.owner}'s reached {pair.recipient} {wording.times(pair.times)}"
        for pair in judgement.pairs[:TOLD]
    )


def _timeline_said(judgement: Judgement) -> str:
    run = judgement.timeline
    if run is None:
        return ""
    found = [each.from_s for each in run.slices if each.found]
    first = f"first findings after {found[0]:g} s" if found else "no finding"
    most = max(each.sessions for each in run.slices)
    answered = sum(each.answered for each in run.slices)
    return f"At most {most} sessions open, {answered} answers, {first}"


def _resources_said(judgement: Judgement) -> str:
    sampled = judgement.timeline.resources if judgement.timeline is not None else ()
    return "; ".join(
        f"{each.resource} ({each.source}) up to {max(levels):.3g}"
        for each in sampled
        if (levels := [level for level in each.levels if level is not None])
    )


def _courses_said(judgement: Judgement) -> str:
    return "; ".join(f"{each.label} {wording.seconds(each.took_s)}" for each in judgement.courses)


def _coverage_said(judgement: Judgement) -> str:
    met = judgement.coverage.met if judgement.coverage is not None else ()
    return "; ".join(f"{each.one} met {each.other} {wording.times(each.times)}" for each in met)


BLEEDING = Plot(
    name="matrix",
    title="Whose content reached whom",
    meaning="A row is whose content it was, a column who got it, the most affected first; a "
    "number says in how many frames, answers or rows, and grey is one's own.",
    todo="Read its shape: one full row is a cache for everybody, one full column a socket that "
    "gets everything, a full matrix a send to all, mirrored cells a swap.",
    draw=lambda judgement, width: matrix(judgement.pairs, width=width),
    says=_pairs_said,
)
TIMELINE = Plot(
    name="timeline",
    title="How the run went",
    meaning="From top to bottom over the run's time: the load, what came back, how long it took, "
    "and when bleeding was first seen between two users.",
    todo="Look for what changed just before findings, slow or missing answers began: more "
    "sessions, or something of the platform's own at that moment.",
    draw=lambda judgement, width: timeline(judgement.timeline, width=width),
    says=_timeline_said,
)
LOAD = Plot(
    name="load",
    title="What more users cost",
    meaning="Each mark is a stretch of this run: how many sessions were open, how much was "
    "answered, and how long it took.",
    todo="Where answers stop growing with sessions or their time begins to, capacity is near; a "
    "run of rising load measures it.",
    draw=lambda judgement, width: load(judgement.timeline, width=width),
    says=_timeline_said,
)
RESOURCES = Plot(
    name="resources",
    title="What the platform itself used",
    meaning="Its own processor time, memory and connections over the same time as above, as far "
    "as the plan says where they can be sampled.",
    todo="What is level at the top of its strip while answers grow slow is what they wait for.",
    draw=lambda judgement, width: over_time(judgement.timeline, width=width),
    says=_resources_said,
)
HEAT = Plot(
    name="heat",
    title="How long answers took, over time",
    meaning="A column is a stretch of the run, a row a step of duration, and the stronger a cell, "
    "the more answers that were due then took so long; the dashed line is the objective's limit.",
    todo="One band is a healthy platform; a second band above is another path (a retry, a lock, a "
    "cold cache), a slope is a queue that grows.",
    draw=lambda judgement, width: heat(judgement.heat, judgement.timeline, width=width),
    says=lambda judgement: f"{judgement.heat.phase} over time" if judgement.heat else "",
)
COURSES = Plot(
    name="courses",
    title="Where the time of an answer went",
    meaning="Up to three answers from when they were due, each step after the one before; the "
    "amber piece is how late we ourselves sent it.",
    todo="The widest bar of the slow answer that is narrow in the median one is where to look.",
    draw=lambda judgement, width: courses(judgement.courses, width=width),
    says=_courses_said,
)
MEETINGS = Plot(
    name="coverage",
    title="Which moments of two users met",
    meaning="How often two users met who were connecting, waiting for a first event, streaming "
    "(events were coming) or idle (connected, with nothing asked): bleeding that needs a meeting "
    "which never happened could not have shown.",
    todo="Where a cell says never, drive more users at once, or ask for the provocation that "
    "brings the two together.",
    draw=lambda judgement, width: meetings(judgement.coverage, width=width),
    says=_coverage_said,
)
WINDOWS = Plot(
    name="windows",
    title="Objectives, window by window",
    meaning="What was measured in each stretch of the run, with its 95 % bounds, for the "
    "objectives that every stretch must meet; the dashed line is the limit.",
    todo="Find the first stretch that missed it, and compare it with the load at that moment.",
    draw=lambda judgement, width: windows(judgement.objectives, width=width),
    says=lambda judgement: windows_said(judgement.objectives),
)
PLOTS = (BLEEDING, WINDOWS, TIMELINE, LOAD, RESOURCES, HEAT, COURSES, MEETINGS)
"""All of them; a new one is a function that draws, and an entry here."""
