"""The judgement as text: what stands in the terminal when a run has ended, or in a CI log.

It may not decide or compute anything; it says what the judgement says, worst first, and
ends with the exit code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolation_checks.verdicts.lattice import Verdict
from reports import advice, brief, wording
from reports.disarm import disarm
from reports.sheet import Sheet
from reports.witness import testimony, witness

if TYPE_CHECKING:
    from rich.text import Text

    from isolation_checks.verdicts.finding import Finding
    from isolation_checks.verdicts.verdict import Judgement

WHOLE = 3
"""Roots that are shown with their witness."""
LISTED = 10
"""Findings that are shown at all, the whole ones included."""
STEPS = 6
"""Moments of a witness that are shown before `crosstalk explain` has to tell the rest."""
CALM = 36
"""Lines at most when nothing is wrong, so that with what the driver says a CI log has 40."""
LONGEST_RUN = 40
"""Characters of a run's name in the first line."""
STYLES = {
    Verdict.PASS: "bold green",
    Verdict.FAIL: "bold red",
    Verdict.UNKNOWN: "bold yellow",
    Verdict.NOT_ASKED: "dim",
}
NOT_NAMED = 3
"""Things not seen that are named when the text has to stay calm."""


def render(judgement: Judgement, *, width: int, colour: bool) -> str:
    """The whole judgement; at most 36 lines when it is PASS.

    Args:
        judgement: what to show.
        width: columns of the terminal; 48 to 120 are used.
        colour: whether this goes to a terminal; without it there are no escape codes, and no
            sign of the layout goes beyond ASCII.
    """
    judgement = disarm(judgement)
    sheet = _sheet(judgement, Sheet(width=width, colour=colour))
    rows = max(len(judgement.checks), len(judgement.objectives))
    while _is_calm(judgement) and len(sheet.lines) > CALM and rows:
        rows -= 1
        sheet = _sheet(judgement, Sheet(width=width, colour=colour), rows=rows)
    return sheet.text()


def summary(judgement: Judgement) -> bytes:
    """The text as a file: 100 columns, no colours, UTF-8."""
    return render(judgement, width=100, colour=False).encode()


def explain(judgement: Judgement, finding_id: str, *, width: int, colour: bool) -> str:
    """One finding whole.

    Raises:
        LookupError: the judgement keeps no finding of this id; the message names those it keeps.
    """
    judgement = disarm(judgement)
    known = {finding.id: finding for finding in judgement.findings}
    if finding_id not in known:
        kept = ", ".join(known) or "none"
        raise LookupError(f"there is no finding {finding_id} in this judgement; it keeps {kept}")
    finding = known[finding_id]
    sheet = Sheet(width=width, colour=colour)
    sheet.hang(
        sheet.ink(f"{finding.id}  ", "bold red"), sheet.ink(finding.sentence, "bold"), indent=0
    )
    sheet.gap()
    for label, content in _facts(judgement, finding):
        sheet.hang(sheet.ink(label, "dim"), sheet.ink(content), indent=2, start=18)
    sheet.gap()
    sheet.lines.append(sheet.ink("  what proves it, in order"))
    for moment in finding.witness:
        testimony(sheet, finding, moment, indent=4)
    if not finding.witness:
        sheet.lines.append(sheet.ink("    no witness was kept", "dim"))
    return sheet.text()


def _is_calm(judgement: Judgement) -> bool:
    """Whether there is nothing to tell but that all is well."""
    verdicts = {
        judgement.verdict,
        *(part.verdict for part in judgement.parts),
        *(check.verdict for check in judgement.checks),
        *(objective.verdict for objective in judgement.objectives),
    }
    return not judgement.findings and verdicts <= {Verdict.PASS, Verdict.NOT_ASKED}


def _sheet(judgement: Judgement, sheet: Sheet, rows: int | None = None) -> Sheet:
    """All sections; with `rows`, so many rows of each table and the rest as a number."""
    size = wording.size(judgement.scale)
    head = ("Crosstalk", f"run {judgement.run[:LONGEST_RUN]}", *size)
    sheet.strung([sheet.ink(part, "" if place else "bold") for place, part in enumerate(head)])
    sheet.gap()
    word = sheet.ink(judgement.verdict, STYLES[judgement.verdict]).append("  ")
    sheet.hang(word, sheet.ink(wording.held(judgement.headline), "bold"), indent=0)
    _told(sheet, judgement)
    _findings(sheet, judgement)
    _checks(sheet, judgement, rows)
    _objectives(sheet, judgement, rows)
    _parts(sheet, judgement)
    _unseen(sheet, judgement, None if rows is None else NOT_NAMED)
    sheet.lines.append(sheet.ink(f"exit {judgement.exit_code}", "dim"))
    return sheet


def _told(sheet: Sheet, judgement: Judgement) -> None:
    """For whom and since when, or how sure; what to do, where no finding below says it."""
    told = dict(brief.told(judgement))
    wanted = ["For whom", "Since when", "How sure that is"]
    if judgement.verdict is not Verdict.PASS and not judgement.findings:
        wanted.append("What to do next")
    there = [heading for heading in wanted if heading in told]
    if there:
        sheet.gap()
    start = 2 + max(map(len, there), default=0) + 2
    for heading in there:
        for place, sentence in enumerate(told[heading]):
            label = "" if place else heading.lower()
            said = sheet.ink(wording.held(sentence))
            sheet.hang(sheet.ink(label, "dim"), said, indent=2, start=start)


def _findings(sheet: Sheet, judgement: Judgement) -> None:
    """Roots with their witness, then a line each, then a number: all are counted."""
    findings = wording.roots_first(judgement.findings)
    whole = [finding for finding in findings[:WHOLE] if finding.folded_into is None]
    for finding in whole:
        sheet.gap()
        _whole(sheet, judgement, finding)
    listed = findings[len(whole) : LISTED]
    if listed:
        sheet.gap()
    size = max((len(finding.id) for finding in listed), default=0)
    for finding in listed:
        often = wording.times(finding.times)
        if finding.folded_into is not None:
            often += f", follows from {finding.folded_into}"
        room = sheet.width - 2 - size - 2 - len(often) - 2
        sentence = sheet.fit(finding.sentence, max(room, 16))
        sentence.append("  ").append_text(sheet.ink(often, "dim"))
        sheet.hang(sheet.ink(f"{finding.id:<{size}}  ", "red"), sentence, indent=2)
    more = wording.beyond(judgement, findings[:LISTED])
    if findings and more:
        sheet.gap()
        sheet.lines.append(sheet.ink(f"  … and {wording.count(more)} more", "dim"))


def _whole(sheet: Sheet, judgement: Judgement, finding: Finding) -> None:
    """A finding as it convinces: what, where, the witness, the mechanism, where to read on."""
    label = sheet.ink(f"{finding.id}  ", "bold red")
    indent = 2 + label.cell_len
    where = sheet.ink(wording.where(finding), "dim")
    sentence = sheet.ink(finding.sentence, "bold")
    if indent + sentence.cell_len + 4 + where.cell_len <= sheet.width:
        blank = " " * (sheet.width - indent - sentence.cell_len - where.cell_len)
        line = sheet.ink("").append_text(sentence).append(blank).append_text(where)
        sheet.hang(label, line, indent=2)
    else:
        sheet.hang(label, sentence, indent=2)
        sheet.hang(sheet.ink(""), where, indent=indent)
    witness(sheet, finding, finding.witness[:STEPS], indent=indent + 2)
    steps = len(finding.witness) - STEPS
    if steps > 0:
        sheet.lines.append(sheet.ink(f"{' ' * (indent + 2)}… {steps} more moments", "dim"))
    facts = (
        ("looks like", wording.looks_like(finding)),
        ("when", wording.brought_out(finding)),
        ("to do", advice.for_finding(finding)),
        ("more", f"crosstalk explain {judgement.run} {finding.id}"),
    )
    for name, content in facts:
        if content:
            sheet.hang(sheet.ink(name, "dim"), sheet.ink(content), indent=indent, start=indent + 12)


def _facts(judgement: Judgement, finding: Finding) -> list[tuple[str, str]]:
    """What is known of a finding beside its witness; what is not known is left out."""
    follow = [other.id for other in judgement.findings if other.folded_into == finding.id]
    facts = (
        ("run", judgement.run),
        ("kind", finding.kind),
        ("check", finding.check),
        ("where", wording.where(finding)),
        ("victim", finding.victim),
        ("recipient", finding.recipient),
        ("looks like", wording.looks_like(finding)),
        ("brought out by", finding.provocation),
        ("follows from", finding.folded_into),
        ("leads to", ", ".join(follow)),
        ("what to do", advice.for_finding(finding)),
    )
    return [(label, content) for label, content in facts if content]


def _checks(sheet: Sheet, judgement: Judgement, rows: int | None) -> None:
    if not judgement.checks:
        return
    sheet.gap()
    table = [_heads(sheet, "check", "verdict", "examined", "found", "")]
    for check in judgement.checks[:rows]:
        asked = check.verdict is not Verdict.NOT_ASKED
        table.append(
            (
                sheet.ink(check.name),
                sheet.ink(check.verdict, STYLES[check.verdict]),
                sheet.ink(wording.count(check.examined) if asked else "—"),
                sheet.ink(wording.count(check.found) if asked else "—"),
                sheet.ink(wording.found_note(check), "dim"),
            )
        )
    sheet.columns(table, indent=2, right=(2, 3))
    _left_out(sheet, "check", "checks", len(judgement.checks) - len(table) + 1)


def _objectives(sheet: Sheet, judgement: Judgement, rows: int | None) -> None:
    if not judgement.objectives:
        return
    sheet.gap()
    table = [_heads(sheet, "objective", "verdict", "measured")]
    for outcome in judgement.objectives[:rows]:
        note = f"; {outcome.note}" if outcome.note else ""
        note += f"; {wording.slow_like(outcome)}" if outcome.looks else ""
        table.append(
            (
                sheet.ink(wording.limit(outcome.statement)),
                sheet.ink(outcome.verdict, STYLES[outcome.verdict]),
                sheet.ink(wording.measured(outcome) + note),
            )
        )
    sheet.columns(table, indent=2)
    _left_out(sheet, "objective", "objectives", len(judgement.objectives) - len(table) + 1)


def _parts(sheet: Sheet, judgement: Judgement) -> None:
    """The parts that are not PASS, and why."""
    table = [
        (
            sheet.ink(part.name if part.gates else f"{part.name} (does not gate)"),
            sheet.ink(part.verdict, STYLES[part.verdict]),
            sheet.ink(wording.held(part.because)),
        )
        for part in judgement.parts
        if part.verdict is not Verdict.PASS
    ]
    if table:
        sheet.gap()
        sheet.columns([_heads(sheet, "part", "verdict", "because"), *table], indent=2)


def _unseen(sheet: Sheet, judgement: Judgement, named: int | None) -> None:
    """What the plan never asked for, and what was asked and could not be seen."""
    sheet.gap()
    for label, things in (
        ("not asked: ", judgement.not_asked),
        ("what this run could not see: ", judgement.blind),
    ):
        shown = [sheet.ink(thing) for thing in things[:named]]
        if named is not None:
            shown = [sheet.fit(thing, sheet.width - 6) for thing in things[:named]]
            more = len(things) - named
            shown += [sheet.ink(f"and {wording.count(more)} more")] if more > 0 else []
        if len(shown) == 1:
            words = sheet.ink("").append_text(sheet.ink(label, "dim")).append_text(shown[0])
            sheet.hang(sheet.ink(""), words, indent=2)
        elif shown:
            sheet.lines.append(sheet.ink(f"  {label}", "dim"))
        for thing in shown if len(shown) > 1 else ():
            sheet.hang(sheet.ink("· ", "dim"), thing, indent=4)


def _left_out(sheet: Sheet, one: str, many: str, number: int) -> None:
    if number:
        words = f"  … and {wording.counted(number, one, many)} more, PASS or not asked"
        sheet.lines.append(sheet.ink(words, "dim"))


def _heads(sheet: Sheet, *names: str) -> tuple[Text, ...]:
    return tuple(sheet.ink(name, "dim") for name in names)
