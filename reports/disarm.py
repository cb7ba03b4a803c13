"""Makes a judgement safe to show.

What a target wrote may neither steer a terminal, reorder a line, nor flood a page.
It may not decide what is shown; it changes how a character looks, never what it says.
Renderers call `disarm` once, first, and then work on its result alone.
"""

from __future__ import annotations

import enum
import unicodedata
from typing import TypeVar, cast

import msgspec

from isolation_checks.verdicts.finding import Moment

LONGEST = 400
"""Characters that are kept of a name or a sentence; its middle makes way."""
SAID = 2_000
"""Characters that are kept of a moment's excerpt, around its mark."""
STACKED = 4
"""Combining marks that are kept on one character; more would climb over other lines."""
WORD = 12
"""Characters that a cut may move to spare a word."""
_JOINERS = "\u200c\u200d"
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

_T = TypeVar("_T")
_Read = TypeVar("_Read", bound=msgspec.Struct)


def disarm(judgement: _Read) -> _Read:
    """The same judgement with every string harmless; marks point at the same words as before.

    A capacity, too.
    """
    return _disarm(judgement)


def visible(text: str) -> str:
    r"""Write what is invisible or steers (ESC, bidi overrides, line breaks) as an escape.

    Text in any script and emoji stay as they are: a joiner is kept where it joins something,
    which is never after ASCII.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    stacked = 0
    for char in text:
        category = unicodedata.category(char)
        stacked = stacked + 1 if category in {"Mn", "Me"} else 0
        joins = char in _JOINERS and bool(shown) and not shown[-1].isascii()
        if category in _UNSAFE and not joins:
            shown.append(char.encode("unicode_escape").decode("ascii"))
        elif category == "Zs":
            shown.append(" ")
        elif stacked <= STACKED:
            shown.append(char)
    return "".join(shown)


def excerpt(text: str, mark: tuple[int, int] | None, room: int) -> tuple[str, str, str]:
    """Cut `text` to at most `room` characters, keeping the marked part in sight.

    Returns:
        What stands before the mark, the marked part, and what follows it, each with an
        ellipsis where something was left out.  Without a mark all of it stands before.
    """
    if mark is None:
        return _head(text, room), "", ""
    start, end = sorted(min(max(place, 0), len(text)) for place in mark)
    before, marked, after = text[:start], text[start:end], text[end:]
    if len(marked) > room:
        return "", _ends(marked, room), ""
    spare = room - len(marked)
    left = max(spare // 2, spare - len(after))
    before = _tail(before, left)
    return before, marked, _head(after, spare - len(before))


def _disarm(value: _T) -> _T:
    """Rebuild a value of the judgement; structs and tuples are walked, strings made safe."""
    safe: object = value
    if isinstance(value, enum.Enum):
        pass
    elif isinstance(value, str):
        safe = _ends(visible(_ends(value, LONGEST)), LONGEST)
    elif isinstance(value, tuple):
        safe = tuple(_disarm(item) for item in value)
    elif isinstance(value, msgspec.Struct):
        fields = {name: _disarm(getattr(value, name)) for name in value.__struct_fields__}
        if isinstance(value, Moment):
            fields |= _said(value)
        safe = type(value)(**fields)
    return cast("_T", safe)


def _said(moment: Moment) -> dict[str, object]:
    """A moment's text and mark; the mark moves with the escapes that were put before it."""
    text, mark = moment.text, moment.mark
    for write in (visible, str):  # an escape is longer than what it stands for: cut once more
        before, marked, after = map(write, excerpt(text, mark, SAID))
        start = len(before)
        mark = (start, start + len(marked)) if marked else None
        text = before + marked + after
    return {"text": text, "mark": mark}


def _head(text: str, room: int) -> str:
    """The beginning of a text, cut between two words where one ends nearby."""
    if len(text) <= room:
        return text
    kept = text[: max(room - 1, 0)]
    space = kept.rfind(" ", max(len(kept) - WORD, 0))
    return (kept if space < 0 else kept[: space + 1]) + "…"[:room]


def _tail(text: str, room: int) -> str:
    """The end of a text, cut between two words where one begins nearby."""
    if len(text) <= room:
        return text
    kept = text[len(text) - max(room - 1, 0) :]
    space = kept.find(" ", 0, WORD)
    return "…"[:room] + (kept if space < 0 else kept[space:])


def _ends(text: str, room: int) -> str:
    """Both ends of a text that is too long; its middle makes way."""
    if len(text) <= room:
        return text
    half = max(room - 1, 0) // 2
    before, after = text[:half], text[len(text) - half :]
    if " " in before[-WORD:] and " " in after[:WORD]:
        before, after = before[: before.rfind(" ") + 1], after[after.find(" ") :]
    return before + "…"[:room] + after
