"""The judgement as one HTML page that opens without a network and runs no script.

It may not decide or compute anything.  Whatever the target wrote is made visible first
(`reports.disarm`) and escaped by the template engine; the page's own policy forbids scripts
and every request besides.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from isolation_checks.verdicts.lattice import Verdict
from reports import advice, brief, drawing, passage, phases, wording
from reports.disarm import disarm, excerpt
from reports.gallery import PLOTS
from reports.inline import inline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matplotlib.figure import Figure

    from isolation_checks.verdicts.finding import Finding, Moment
    from isolation_checks.verdicts.verdict import Judgement
    from reports.gallery import Plot

_NAME = re.compile(r"(?<![\w-])(\w{1,16}-\w{1,12})(?![\w-])")
WIDE, NARROW = 860, 336
"""Pixels of a finding's picture on a screen and on a phone."""
MEANING: Mapping[Verdict, str] = {
    Verdict.PASS: (
        "Nothing that belongs to one user was seen with another, every objective that counts was "
        "met, and there was enough to look at. This holds for this run, this load and what the "
        "checks below can see; it is no proof for another load or another day."
    ),
    Verdict.FAIL: (
        "Something that must not happen happened, or an objective was missed. The parts below "
        "say which; the proof, or what was measured, follows."
    ),
    Verdict.UNKNOWN: (
        "Too little could be seen to say PASS honestly. The parts below name what is missing and, "
        "where it can be counted, how much more would do."
    ),
    Verdict.NOT_ASKED: "The plan asked for nothing that could be judged.",
}


def render(judgement: Judgement) -> bytes:
    """The whole judgement as a self-contained page, in UTF-8."""
    judgement = disarm(judgement)
    pictures = {finding.id: _picture(finding) for finding in judgement.findings}
    page = templates().get_template("page.html")
    text = page.render(
        judgement=judgement,
        meaning=MEANING[judgement.verdict],
        findings=wording.roots_first(judgement.findings),
        pictures=pictures,
        panels=_panels(judgement),
        plots={plot.name: (plot, _plot(plot, judgement)) for plot in PLOTS},
        brief=brief.told(judgement),
        advice=advice,
        commands=_commands(judgement),
        said=said,
        lanes_todo=passage.LANES_TODO,
        phases_meaning=phases.PHASES_MEANING,
        phases_todo=phases.PHASES_TODO,
        words=wording,
    )
    return text.encode()


def said(moment: Moment) -> tuple[str, str, str]:
    """What a moment's excerpt says before, in and after its mark; the page shows 600 characters."""
    return excerpt(moment.text, moment.mark, 600)


def _picture(finding: Finding) -> Markup:
    """The finding's swim lanes; empty without a time."""
    says = "; ".join(
        f"{wording.clock(moment.at_s)} {moment.who} {moment.did}" for moment in finding.witness
    )
    return twice(finding.id, says, lambda width: passage.lanes(finding, width=width))


def _plot(plot: Plot, judgement: Judgement) -> Markup:
    """A figure of the gallery; empty where there is nothing to draw."""
    return twice(plot.name, plot.says(judgement), lambda width: plot.draw(judgement, width))


def twice(name: str, says: str, draw: Callable[[int], Figure | None]) -> Markup:
    """A picture for a screen and one for a phone; empty where there is nothing to draw."""
    drawn = Markup()
    for size, width in (("wide", WIDE), ("narrow", NARROW)):
        figure = draw(width)
        if figure is not None:
            own = f"{name}-{size}"
            picture = inline(drawing.svg(figure, salt=own), name=own, says=says)
            drawn += Markup('<div class="{}">{}</div>').format(size, picture)
    return drawn


def _panels(judgement: Judgement) -> list[Markup]:
    """How long each phase took, a picture each."""
    panels = []
    for number, figure in enumerate(phases.panels(judgement.latency), start=1):
        phase, name = judgement.latency[number - 1], f"phase-{number}"
        says = f"Distribution of {phase.label}; {wording.within(phase) or 'no limit'}"
        panels.append(inline(drawing.svg(figure, salt=name), name=name, says=says))
    return panels


def _commands(judgement: Judgement) -> list[tuple[str, str]]:
    """What to type to see it again: a purpose and a command each."""
    run, scale = judgement.run, judgement.scale
    come = math.ceil(scale.users / 5)  # a second; one, as Locust has it, were a run of its own
    load = f"-u {scale.users} -r {come} -t {scale.seconds:.0f}s --seed {judgement.seed}"
    drive = f"locust -f locustfiles/agents.py --headless {load}"
    commands = [
        ("Judge the same evidence again; nothing is driven", f"crosstalk judge {run}"),
        (
            "Drive again, as many users for as long; give --plan, --host and --fault as you did",
            drive,
        ),
    ]
    if judgement.findings:
        first = wording.roots_first(judgement.findings)[0].id
        explain = ("Read one finding in the terminal", f"crosstalk explain {run} {first}")
        commands.insert(0, explain)
    return commands


def whole(text: str) -> Markup:
    """Words in which no short name with a hyphen is broken over two lines."""
    return Markup(_NAME.sub(r'<span class="name">\1</span>', wording.held(str(escape(text)))))  # noqa: S704 - escaped


def templates() -> Environment:
    """Templates that escape whatever is put into them."""
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["whole"] = whole
    return environment
