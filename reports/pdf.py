"""The judgement as a PDF, for people who file and print: the verdict, the proofs, the figures.

It may not decide or compute anything.  Letters are those of DejaVu, which comes with matplotlib;
dates are the judgement's, so the same judgement gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from isolation_checks.verdicts.lattice import Verdict
from reports import advice, brief, drawing, passage, phases, wording
from reports.disarm import disarm, excerpt
from reports.gallery import PLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from isolation_checks.verdicts.finding import Finding, Moment
    from isolation_checks.verdicts.verdict import Judgement

DRAWN = 860
"""Units of a figure's width, as on the page; it is scaled to the paper's."""
PROVED = 5
"""Roots that are printed with their witness; `verdict.json` keeps the others."""
QUOTED = 300
"""Characters of a moment's excerpt."""
ABREAST = 3
"""Panels in a row."""
MARGIN, SMALL, TEXT, HEAD = 16.0, 8.0, 9.5, 13.0
COLOURS = {
    Verdict.PASS: (11, 110, 79),
    Verdict.FAIL: (179, 38, 30),
    Verdict.UNKNOWN: (138, 90, 0),
    Verdict.NOT_ASKED: (89, 99, 111),
}
INK, MUTED, HAIR = (27, 36, 48), (89, 99, 111), (205, 212, 219)
Row = tuple[str, ...]
logging.getLogger("fpdf").setLevel(logging.ERROR)  # a glyph that the font lacks is a box
logging.getLogger("fontTools").setLevel(logging.ERROR)


def render(judgement: Judgement) -> bytes:
    """The whole judgement as a document of A4 pages."""
    judgement = disarm(judgement)
    paper = Paper(judgement.run, _moment(judgement.judged_at))
    _front(paper, judgement)
    for finding in [f for f in judgement.findings if f.folded_into is None][:PROVED]:
        _finding(paper, finding)
    _tables(paper, judgement)
    _phases(paper, judgement)
    for plot in PLOTS:
        drawn = plot.draw(judgement, DRAWN)
        if drawn is not None:
            paper.heading(plot.title, room=30 + paper.height(drawn))
            paper.say(plot.meaning, MUTED)
            paper.picture(drawn)
            paper.say(f"What to do. {plot.todo}", MUTED)
    return paper.whole()


class Paper:
    """A4 pages that are filled from the top down."""

    def __init__(self, run: str, made: dt.datetime) -> None:
        self._pdf = _Numbered(run)
        fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
        for style, file in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
            self._pdf.add_font("sans", style, fonts / file)
        self._pdf.set_creation_date(made)
        self._pdf.set_title(f"Crosstalk, run {run}")
        self._pdf.set_lang("en")
        self._pdf.set_margins(MARGIN, MARGIN)
        self._pdf.set_auto_page_break(auto=True, margin=MARGIN + 4)
        self._pdf.add_page()

    def whole(self) -> bytes:
        """The document."""
        return bytes(self._pdf.output())

    def say(
        self,
        words: str,
        colour: tuple[int, int, int] = INK,
        *,
        size: float = TEXT,
        bold: bool = False,
    ) -> None:
        """A paragraph."""
        self._pdf.set_font("sans", "B" if bold else "", size)
        self._pdf.set_text_color(*colour)
        self._pdf.multi_cell(0, size * 0.52, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.ln(1.2)

    def heading(self, words: str, *, room: float = 20) -> None:
        """A heading; on a new page where so little room (in mm) is left under it."""
        self._need(room)
        self._pdf.ln(3)
        self.say(words, size=HEAD, bold=True)

    def table(self, rows: Sequence[Row], widths: tuple[int, ...]) -> None:
        """Rows of cells, the first of which is the head; widths are shares."""
        self._pdf.set_font("sans", "", SMALL)
        self._pdf.set_text_color(*INK)
        self._pdf.set_draw_color(*HAIR)
        head = FontFace(emphasis="BOLD", color=MUTED)
        with self._pdf.table(
            rows,
            col_widths=widths,
            borders_layout="HORIZONTAL_LINES",
            headings_style=head,
            line_height=SMALL * 0.5,
            text_align="LEFT",
            padding=(0.8, 1.5, 0.8, 0),
        ):
            pass
        self._pdf.ln(2)

    def picture(self, figure: Figure) -> None:
        """A figure over the whole width, on one page."""
        height = self.height(figure)
        self._need(height)
        self._pdf.image(io.BytesIO(drawing.png(figure)), h=height)
        self._pdf.ln(1.5)

    def beside(self, drawn: Sequence[Figure]) -> None:
        """Figures of one size in rows of three."""
        wide = self._pdf.epw / ABREAST
        for first in range(0, len(drawn), ABREAST):
            row = drawn[first : first + ABREAST]
            inches = row[0].get_size_inches()
            tall = float(wide * inches[1] / inches[0])
            self._need(tall)
            top = self._pdf.get_y()
            for place, figure in enumerate(row):
                content = io.BytesIO(drawing.png(figure))
                self._pdf.image(content, x=MARGIN + place * wide, y=top, w=wide)
            self._pdf.set_y(top + tall + 1.5)

    def height(self, figure: Figure) -> float:
        """How tall a figure is on the page, in mm: as wide as the text, or as tall as fits."""
        wide, tall = figure.get_size_inches()
        return float(min(self._pdf.epw * tall / wide, self._pdf.eph - 40))

    def _need(self, room: float) -> None:
        if self._pdf.get_y() + room > self._pdf.h - self._pdf.b_margin:
            self._pdf.add_page()


class _Numbered(FPDF):
    """Pages with the run and their number at the foot."""

    def __init__(self, run: str) -> None:
        super().__init__(format="A4")
        self._run = run

    def footer(self) -> None:
        """What stands at the foot of every page."""
        self.set_y(-MARGIN + 3)
        self.set_font("sans", "", SMALL)
        self.set_text_color(*MUTED)
        self.cell(0, 4, f"Crosstalk, run {self._run[:60]}, page {self.page_no()}", align="R")


def _front(paper: Paper, judgement: Judgement) -> None:
    """The verdict first, then what a stranger must know, then the three parts."""
    paper.say(f"Crosstalk · run {judgement.run} · {wording.date(judgement.started_at)}", MUTED)
    paper.say(judgement.verdict, COLOURS[judgement.verdict], size=30, bold=True)
    paper.say(judgement.headline, size=12)
    paper.say(" · ".join(wording.size(judgement.scale)), MUTED)
    for heading, sentences in brief.told(judgement):
        paper.say(heading, bold=True)
        for sentence in sentences:
            paper.say(sentence)
    rows = [("part", "verdict", "because")]
    rows += [
        (
            part.name if part.gates else f"{part.name} (does not decide)",
            part.verdict,
            part.because or "Nothing was found wrong.",
        )
        for part in judgement.parts
    ]
    paper.table(rows, (20, 12, 68))


def _finding(paper: Paper, finding: Finding) -> None:
    paper.heading(f"{finding.id}  {finding.sentence}", room=60)
    paper.say(wording.where(finding), MUTED)
    lanes = passage.lanes(finding, width=DRAWN)
    if lanes is not None:
        paper.picture(lanes)
    rows = [("", "time", "who", "did or received")]
    rows += [
        (str(number), wording.clock(moment.at_s), moment.who, _said(finding, moment))
        for number, moment in enumerate(finding.witness, 1)
    ]
    if finding.witness:
        paper.table(rows, (4, 12, 18, 66))
    paper.say(f"Looks like {wording.looks_like(finding)}")
    if advice.for_finding(finding):
        paper.say(f"What to do. {advice.for_finding(finding)}")
    if finding.provocation:
        paper.say(f"Brought out by: {finding.provocation}")


def _phases(paper: Paper, judgement: Judgement) -> None:
    """How long each phase took, a panel beside the other."""
    panels = phases.panels(judgement.latency)
    if panels:
        paper.heading("How long each phase took", room=70)
        paper.say(phases.PHASES_MEANING, MUTED)
        paper.beside(panels)
        paper.say(f"What to do. {phases.PHASES_TODO}", MUTED)


def _said(finding: Finding, moment: Moment) -> str:
    before, marked, after = excerpt(moment.text, moment.mark, QUOTED)
    owner = wording.pointed_at(finding, moment)
    said = f"{before}[{marked}]{after}" if marked else before
    place = moment.place
    where = f"{place.stream}, record {wording.count(place.index)}" if place is not None else ""
    return "\n".join(
        part for part in (moment.did, said, f"In brackets: {owner}" if owner else "", where) if part
    )


def _tables(paper: Paper, judgement: Judgement) -> None:
    paper.heading("What was examined")
    rows: list[Row] = [("check", "verdict", "examined", "found", "so")]
    for check in judgement.checks:
        todo = advice.for_check(check)
        note = ". ".join(filter(None, (wording.found_note(check), todo)))
        unit = wording.unit(check.examined, check.unit)
        examined = f"{wording.count(check.examined)} {unit}"
        name = f"{check.name}: {check.asks}"
        rows.append((name, check.verdict, examined, wording.count(check.found), note))
    paper.table(rows, (36, 12, 14, 8, 30))
    if judgement.objectives:
        paper.heading("Objectives", room=40)
        rows = [("objective", "verdict", "measured", "what to do")]
        for each in judgement.objectives:
            todo = ". ".join(filter(None, (each.note, advice.for_objective(each))))
            name = ": ".join(filter(None, (wording.limit(each.statement), each.meaning)))
            rows.append((name, each.verdict, wording.measured(each), todo))
        paper.table(rows, (32, 12, 26, 30))
    if judgement.opportunities:
        paper.heading("Opportunities", room=40)
        rows = [("kind", "count", "seen", "so")]
        rows += [
            (f"{o.name}: {o.meaning}", wording.count(o.count), wording.count(o.seen), wording.so(o))
            for o in judgement.opportunities
        ]
        paper.table(rows, (44, 9, 8, 39))
    for heading, things in (
        ("What this run could not see", judgement.blind),
        ("What was not asked", judgement.not_asked),
    ):
        if things:
            paper.heading(heading)
            for thing in things:
                paper.say(f"· {thing}")


def _moment(stamp: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(stamp)
    except ValueError:
        moment = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
