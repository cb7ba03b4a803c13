"""Lays out lines of text of a fixed width: hanging indents, columns, wide characters.

It knows nothing of judgements.  On a terminal it writes colours and the signs people expect;
elsewhere (a log, a file) neither escape codes nor any sign of its own beyond ASCII.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

NARROWEST = 48
WIDEST = 120
"""Columns; a longer line is hard to follow, however wide the terminal is."""
LEAST_NOTE = 24
"""Columns; a last cell that would get less goes under its row."""
MOST_LINES = 4
"""Lines that a last cell may take in its place; a longer one goes under its row, too."""
GAPS = (3, 2)
"""Columns between two cells: the first that lets every row stand on one line, else the last."""
PLAIN = str.maketrans(
    {
        "·": "-", "…": "...", "←": "<-", "→": "->", "≤": "<=", "≥": ">=", "—": "-",
        "\u2013": "-", "\u00d7": "x", "\u00b5": "u", "\u2018": "'", "\u2019": "'",
        "\u201c": '"', "\u201d": '"', "\u202f": " ",
    }
)  # fmt: skip
"""Signs and what stands for them where only ASCII is safe."""

NBSP, HELD = "\u00a0", "\ue000"
"""Holds two words on one line, and what stands for it while lines are broken: a character of
nobody's, which `reports.disarm` lets nobody write."""

Row = tuple[Text, ...]


class Sheet:
    """Lines of text, built from the top down."""

    def __init__(self, *, width: int, colour: bool) -> None:
        self.width = min(max(width, NARROWEST), WIDEST)
        self.colour = colour
        self.lines: list[Text] = []
        self._console = Console(
            file=io.StringIO(),
            width=self.width,
            force_terminal=colour,
            color_system="standard" if colour else None,
            legacy_windows=False,
            _environ={},
        )

    def ink(self, content: str, style: str = "") -> Text:
        """Words in a style; markup in them is not read.  All that is shown comes through here."""
        return Text(content if self.colour else content.translate(PLAIN), style=style)

    def fit(self, content: str, room: int, style: str = "") -> Text:
        """Words on one line of at most `room` columns, cut at the end."""
        ink = self.ink(content, style)
        if ink.cell_len <= room:
            return ink
        more = "…" if self.colour else "..."
        return Text(set_cell_size(ink.plain, max(room - cell_len(more), 0)).rstrip() + more, style)

    def gap(self) -> None:
        """An empty line."""
        self.lines.append(Text())

    def hang(self, label: Text, body: Text, *, indent: int, start: int | None = None) -> None:
        """A label and its body; where the body wraps, it goes on under its own beginning.

        Args:
            label: what stands at `indent`; it is not wrapped.
            body: what is wrapped at words.
            indent: columns before the label.
            start: the column where the body begins; by default right after the label.
        """
        start = indent + label.cell_len if start is None else start
        head = Text(" " * indent).append_text(label)
        for piece in self._wrapped(body, self.width - start):
            head.pad_right(max(start - head.cell_len, 0))
            self.lines.append(head.append_text(piece))
            head = Text()

    def strung(self, items: Sequence[Text], *, indent: int = 0) -> None:
        """Items with a dot between them; a line breaks between two items, not inside one."""
        dot = self.ink(" · ", "dim")
        line = Text()
        for item in items:
            if line and indent + line.cell_len + dot.cell_len + item.cell_len > self.width:
                self.hang(Text(), line, indent=indent)
                line = Text()
            line = (line.append_text(dot) if line else line).append_text(item)
        self.hang(Text(), line, indent=indent)

    def columns(self, rows: Sequence[Row], *, indent: int, right: tuple[int, ...] = ()) -> None:
        """A table without lines.

        The first column gives way when there is no room; the last one wraps in its place, or
        under its row where its place is too narrow for it.

        Args:
            rows: cells, equally many in each row.
            indent: columns before the table.
            right: numbers of the columns that are aligned on the right.
        """
        if not rows:
            return
        last = len(rows[0]) - 1
        sizes = [max(row[place].cell_len for row in rows) for place in range(last + 1)]
        whole = indent + sum(sizes)
        gap = next((gap for gap in GAPS if whole + gap * last <= self.width), GAPS[-1])
        sizes.pop()
        over = indent + sum(sizes) + gap * (last - 1) - self.width
        sizes[0] = max(sizes[0] - max(over, 0), min(sizes[0], 12))
        start = indent + sum(sizes) + gap * last
        for row in rows:
            line = Text()
            for place, size in enumerate(sizes):
                line.append_text(self._cell(row[place], size, right=place in right))
                line.append(" " * gap)
            if not row[last] or row[last].cell_len <= self.width - start:
                self.hang(line, row[last], indent=indent)
            elif (
                self.width - start >= LEAST_NOTE
                and row[last].cell_len <= (self.width - start) * MOST_LINES
            ):
                self.hang(line, row[last], indent=indent, start=start)
            else:
                self.hang(line, Text(), indent=indent)
                self.hang(Text(), row[last], indent=indent + 4)

    def text(self) -> str:
        """All lines, each with its line feed and none with blanks at its end."""
        with self._console.capture() as captured:
            for line in self.lines:
                line.rstrip()
                self._console.print(line, no_wrap=True, overflow="ignore", crop=False)
        return captured.get().replace(NBSP, " ")

    def _wrapped(self, body: Text, room: int) -> list[Text]:
        body = body.copy()
        body.plain = body.plain.replace(NBSP, HELD)  # rich would break a line there
        pieces = list(body.wrap(self._console, max(room, 8))) or [Text()]
        for piece in pieces:
            piece.plain = piece.plain.replace(HELD, NBSP)
        return pieces

    def _cell(self, content: Text, size: int, *, right: bool) -> Text:
        blank = " " * max(size - content.cell_len, 0)
        if right:
            return Text(blank).append_text(content)
        style = content.style if isinstance(content.style, str) else ""
        return self.fit(content.plain, size, style).append(blank)
