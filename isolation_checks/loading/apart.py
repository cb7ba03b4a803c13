"""Encoded stretches that do not stand in one piece: wrapped, with signs between, octets in a list.

It says where there are any, what they read when joined, and where each symbol had stood; what
that decodes to is not its affair.  Whoever sends bytes as JSON writes a list of numbers
(`{"type":"Buffer","data":[67,88]}`, Jackson's, Python's), or an object of them (`{"0":67}`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_SIGNS = " \t\r\n:,;_|\"'-"
"""What may stand between two digits; as many as there are, since a list has several."""
_DIGITS = 44
"""The fewest digits of which a word is made, in hex or as decimal octets."""
_SCREEN = bytes(chr(octet) in "0123456789abcdefABCDEF" for octet in range(256))
_NO_DIGITS = _SIGNS.encode() + b"xX"
"""What is looked over: signs, and of `0x` all but a digit too many."""
_LONG = b"\1" * _DIGITS
_ESCAPED_OCTETS, _ESCAPED = re.compile(rb"\\+[rnt]?"), re.compile(r"\\+[rnt]?")
_HEX = re.compile(r"[0-9a-fA-F \t\r\n:,;_|\"'-]{44,}")
_DIGIT = re.compile(r"[0-9a-fA-F]")
_NUMBERS = re.compile(r"[0-9\s,;:\"-]{65,}")
"""Numbers and signs, as long as a list of so many octets: found fast, and most texts have none."""
_LIST = re.compile(r'-?\d{1,3}(?:[\s,;]+(?:"\d+\s*"\s*:\s*)?-?\d{1,3}){21,}', re.ASCII)
_ITEM = re.compile(r'(?:"\d+\s*"\s*:\s*)?(-?\d+)', re.ASCII)
_WITHOUT = str.maketrans("", "", _SIGNS)
_SYMBOL = re.compile(r"[A-Za-z0-9+/_-]")
_BLANK = re.compile(r"\s{1,16}")
_BEHIND = re.compile(r"\s{1,16}[A-Za-z0-9+/_-]+")
_LINE = 128
"""Symbols that a line of wrapped text has at most, and the blanks behind it."""

_OCTET = 256

Stretch = Callable[[int, int], tuple[int, int]]
"""From a stretch of what was joined to the one of the text that it came from."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Symbols that belong together, or the characters that numbers stand for; and their places."""

    symbols: str
    stretch: Stretch


def in_one_piece(found: re.Match[str]) -> Joined:
    """Symbols between which nothing stands."""
    begin = found.start()
    return Joined(found[0], lambda start, end: (begin + start, begin + end))


def may_be(content: bytes) -> bool:
    """Whether hex with signs between, or a list of octets, may stand here: overlooks none."""
    if b"\\" in content:
        content = _ESCAPED_OCTETS.sub(b"", content)
    return _LONG in content.translate(_SCREEN, _NO_DIGITS)


def flat(text: str) -> str:
    """A text of the same length with blanks for backslashes, and for blanks that are escaped."""
    return _ESCAPED.sub(lambda found: " " * len(found[0]), text) if "\\" in text else text


def digits(flattened: str) -> Iterator[Joined]:
    """Stretches of hexadecimal digits, whatever signs stand between them."""
    text = flattened.replace("0x", "  ").replace("0X", "  ")
    for found in _HEX.finditer(text):
        symbols = found[0].translate(_WITHOUT)
        if len(symbols) >= _DIGITS:
            yield Joined(symbols, _places(text, *found.span(), _DIGIT))


def octets(flattened: str) -> Iterator[Joined]:
    """Lists of numbers that may be octets, with a sign or without."""
    for numbers in _NUMBERS.finditer(flattened):
        for found in _LIST.finditer(flattened, *numbers.span()):
            values = map(int, _ITEM.findall(found[0]))
            text = bytes(v % _OCTET for v in values).decode("latin-1")
            yield Joined(text, _places(flattened, *found.span(), _ITEM))


def wrapped(flattened: str, lines: Iterable[tuple[int, int]]) -> Iterator[Joined]:
    """Long stretches of symbols, joined where blanks alone stand between two.

    What stands before the first and behind the last, a blank away, belongs to them: the first
    line of a wrapped text may be shorter, and the last one is.
    """
    joined: list[tuple[int, int]] = []
    for start, end in lines:
        if joined and _BLANK.fullmatch(flattened, joined[-1][1], start):
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    for start, end in joined:
        begin, last = _before(flattened, start), _BEHIND.match(flattened, end)
        close = last.end() if last else end
        symbols = "".join(flattened[begin:close].split())
        yield Joined(symbols, _places(flattened, begin, close, _SYMBOL))


def _places(text: str, begin: int, close: int, symbol: re.Pattern[str]) -> Stretch:
    """Where symbols had stood, counted only when somebody asks: that is when a word was found."""

    def stretch(start: int, end: int) -> tuple[int, int]:
        places = [found.span(found.re.groups) for found in symbol.finditer(text, begin, close)]
        return places[start][0], places[min(end, len(places)) - 1][1]

    return stretch


def _before(text: str, start: int) -> int:
    """Where what stands before a place begins, if it is symbols with a few blanks behind them."""
    if not text[start - 1 : start].isspace():
        return start
    head = text[max(0, start - _LINE) : start]
    found = _BEHIND.match(head[::-1])
    return start - found.end() if found else start
