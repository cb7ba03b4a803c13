"""Finding canaries in text, however it is written: the exact form, separated, or encoded.

It says which words stand where and what had to be undone to read them; whose they
are is not its affair.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass

_SYMBOL = "[0-9a-hjkmnp-tv-z]"
_APART = r"[\W_]{0,3}"
_WORD = re.compile(rf"(?i)(?=(c{_APART}x(?:{_APART}{_SYMBOL}){{20}}))")
_BETWEEN = re.compile(r"[\W_]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{28,}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){22,}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DEPTH = 2
"""How many encodings are undone, one inside the other."""


@dataclass(frozen=True, slots=True)
class Word:
    """Something of a canary's form: the bare word, where it stands, and how it was read."""

    word: str
    start: int
    end: int
    how: str
    """`plain`, `separated`, or the encodings undone, outermost first: `base64+percent`."""


def exact(text: str) -> Iterator[Word]:
    """The words that stand in a text as they were made, or with separators between symbols."""
    if "x" not in text and "X" not in text:
        return
    for found in _WORD.finditer(text):
        raw = found[1]
        bare = _BETWEEN.sub("", raw)
        how = "plain" if len(bare) == len(raw) else "separated"
        yield Word(bare, found.start(1), found.end(1), how)


def everywhere(text: str, depth: int = DEPTH) -> Iterator[Word]:
    """The words in a text and in whatever can be decoded from it.

    For an encoded word `start` and `end` are those of the encoded stretch.
    """
    yield from exact(text)
    if depth == 0:
        return
    for how, start, end, plain in _decoded(text):
        for inner in everywhere(plain, depth - 1):
            under = "" if inner.how in ("plain", "separated") else f"+{inner.how}"
            yield Word(inner.word, start, end, how + under)


def _decoded(text: str) -> Iterator[tuple[str, int, int, str]]:
    """What parts of a text, or the whole of it, decode to."""
    if "\\u" in text or "\\x" in text:
        plain = _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)), text)
        if plain != text:
            yield "escapes", 0, len(text), plain
    if "%" in text:
        plain = urllib.parse.unquote(text)
        if plain != text:
            yield "percent", 0, len(text), plain
    if "&" in text and ";" in text:
        plain = html.unescape(text)
        if plain != text:
            yield "html", 0, len(text), plain
    for run in _HEX.finditer(text):
        yield "hex", run.start(), run.end(), bytes.fromhex(run[0]).decode("utf-8", "replace")
    for run in _BASE64.finditer(text):
        if _UUID.fullmatch(run[0]):
            continue
        for plain in _from_base64(run[0]):
            yield "base64", run.start(), run.end(), plain


def _from_base64(run: str) -> Iterator[str]:
    symbols = run.replace("-", "+").replace("_", "/")
    for skip in range(4):
        part = symbols[skip:]
        whole = part[: len(part) // 4 * 4]
        tail = part[len(whole) :]
        padded = whole + (tail + "=" * (4 - len(tail)) if len(tail) > 1 else "")
        try:
            plain = base64.b64decode(padded)
        except (binascii.Error, ValueError):
            continue
        yield plain.decode("latin-1")
