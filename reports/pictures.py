"""Every figure of the report as a file of its own, for slides and tickets: PNG and SVG.

It draws what the page draws, on light paper.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reports import drawing, passage, phases
from reports.disarm import disarm
from reports.gallery import PLOTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from isolation_checks.verdicts.verdict import Judgement

WIDTH = 860
"""Pixels of the page; a PNG has twice as many."""
LONGEST = 40


def render(judgement: Judgement) -> Mapping[str, bytes]:
    """File names and their content: lanes by finding, phases by number and name, the gallery."""
    files: dict[str, bytes] = {}
    for name, figure in _drawn(disarm(judgement)).items():
        files[f"{name}.svg"] = drawing.svg(figure, salt=name).encode()
        files[f"{name}.png"] = drawing.png(figure)
    return files


def slug(name: str) -> str:
    """A name as part of a file's name; whatever the target wrote, it leads nowhere else."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:LONGEST]


def _drawn(judgement: Judgement) -> dict[str, Figure]:
    drawn: dict[str, Figure | None] = {}
    for number, finding in enumerate(judgement.findings, 1):
        drawn[slug(finding.id) or f"finding-{number}"] = passage.lanes(finding, width=WIDTH)
    panels = phases.panels(judgement.latency)
    for number, (phase, figure) in enumerate(zip(judgement.latency, panels, strict=True), 1):
        drawn[f"phase-{number}-{slug(phase.label)}".rstrip("-")] = figure
    for plot in PLOTS:
        drawn[plot.name] = plot.draw(judgement, WIDTH)
    return {name: figure for name, figure in drawn.items() if figure is not None}
