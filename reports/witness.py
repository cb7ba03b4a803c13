"""A finding's witness as lines of text, the foreign words pointed at.

It may not choose moments; it shows those that the finding carries, in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import wording
from reports.disarm import excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from isolation_checks.verdicts.finding import Finding, Moment
    from reports.sheet import Sheet

FOREIGN = "bold underline red"
LONGEST_NAME = 24
"""Columns that a principal's name or an event's type may take."""
LEAST_EXCERPT = 24
"""Columns; an excerpt that would get less goes under its moment."""
CLOCK = 9
"""Columns of a time: `123.456 s`."""
DEEPER = 4
"""Columns by which an excerpt under its moment is indented."""


def witness(sheet: Sheet, finding: Finding, moments: Sequence[Moment], *, indent: int) -> None:
    """One line per moment, its excerpt cut to what the line holds."""
    heads = [_head(sheet, moment) for moment in moments]
    spoken = [head for head, moment in zip(heads, moments, strict=True) if moment.text]
    sizes = [
        max((head[place].cell_len for head in among), default=0)
        for place, among in ((0, heads), (1, heads), (2, spoken))
    ]
    start = indent + sum(sizes) + 2 * len(sizes)
    for moment, (at, who, did) in zip(moments, heads, strict=True):
        line = sheet.ink(" " * (indent + sizes[0] - at.cell_len)).append_text(at)
        line.append("  ").append_text(who).append(" " * (sizes[1] - who.cell_len + 2))
        if not moment.text:
            line.append_text(sheet.fit(moment.did, sheet.width - line.cell_len))
            sheet.lines.append(line)
            continue
        line.append_text(did).append(" " * (sizes[2] - did.cell_len + 2))
        pointer = _pointer(sheet, finding, moment)
        beside = pointer.cell_len + 4 if pointer and sheet.colour else 2
        if sheet.width - start - beside < LEAST_EXCERPT:
            sheet.lines.append(line)
            line = sheet.ink(" " * (indent + DEEPER))
        _quote(sheet, line, moment, pointer, sheet.width - line.cell_len - beside)


def testimony(sheet: Sheet, finding: Finding, moment: Moment, *, indent: int) -> None:
    """One moment whole: its excerpt as long as it is, and its place in the evidence."""
    at, who, _ = _head(sheet, moment)
    label = sheet.ink(" " * (CLOCK - at.cell_len)).append_text(at)
    label.append("  ").append_text(who).append("  ")
    did = sheet.ink(moment.did).append("  ").append_text(_pointer(sheet, finding, moment))
    sheet.hang(label, did, indent=indent)
    if moment.text:
        start, end = moment.mark or (0, 0)
        body = sheet.ink(f'"{moment.text[:start]}')
        body.append_text(_foreign(sheet, finding, moment, moment.text[start:end]))
        body.append_text(sheet.ink(f'{moment.text[end:]}"'))
        sheet.hang(sheet.ink(""), body, indent=indent + CLOCK + 2)
    if moment.place is not None:
        place = sheet.ink(f"{moment.place.stream}, record {moment.place.index}", "dim")
        sheet.hang(sheet.ink(""), place, indent=indent + CLOCK + 2)


def _quote(sheet: Sheet, line: Text, moment: Moment, pointer: Text, room: int) -> None:
    """Put the excerpt behind what the line says already; without colours, point from below."""
    before, marked, after = _cut(sheet, moment, room)
    line.append('"').append_text(before)
    start = line.cell_len
    line.append_text(sheet.ink(marked.plain, FOREIGN if pointer else "bold"))
    line.append_text(after).append('"')
    sheet.lines.append(line)
    if pointer and sheet.colour:
        line.append("  ").append_text(pointer)
    elif pointer:
        below = sheet.ink(" " * start + "^" * marked.cell_len)
        sheet.lines.append(below)
        if below.cell_len + 2 + pointer.cell_len > sheet.width:
            below = sheet.ink(" " * (start - 2))
            sheet.lines.append(below)
        below.append("  ").append_text(pointer)


def _cut(sheet: Sheet, moment: Moment, room: int) -> tuple[Text, Text, Text]:
    """The excerpt in at most `room` columns: a wide character takes two, a plain ellipsis three."""
    characters = room
    while True:
        before, marked, after = (
            sheet.ink(part) for part in excerpt(moment.text, moment.mark, characters)
        )
        over = before.cell_len + marked.cell_len + after.cell_len - room
        if over <= 0 or characters == 0:
            return before, marked, after
        characters = max(characters - max(over // 2, 1), 0)


def _head(sheet: Sheet, moment: Moment) -> tuple[Text, Text, Text]:
    room = min(LONGEST_NAME, (sheet.width - LEAST_EXCERPT) // 2)
    return (
        sheet.ink(wording.clock(moment.at_s), "dim"),
        sheet.fit(moment.who, room, "bold" if moment.role != "other" else ""),
        sheet.fit(moment.did, room),
    )


def _foreign(sheet: Sheet, finding: Finding, moment: Moment, words: str) -> Text:
    """The marked words; without colours, between signs that stand out."""
    if not wording.pointed_at(finding, moment):
        return sheet.ink(words, "bold")
    return sheet.ink(words if sheet.colour else f">>{words}<<", FOREIGN)


def _pointer(sheet: Sheet, finding: Finding, moment: Moment) -> Text:
    owner = wording.pointed_at(finding, moment)
    return sheet.fit(f"← {owner}", LONGEST_NAME, "red") if owner else sheet.ink("")
