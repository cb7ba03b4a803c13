"""Finding canaries in text, however it is written: the exact form, separated, or encoded.

It says which words stand where and what had to be undone to read them; whose they
are is not its affair.
"""

from __future__ import annotations

import base64
import bisect
import html
import itertools
import re
import urllib.parse
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from isolation_checks import stretches
from isolation_checks.loading import apart
from isolation_checks.loading.apart import Joined, Stretch

_SYMBOL = "[0-9a-hjkmnp-tv-z]"
_APART = r"[\W_]{0,3}"
_BEGIN, _BEGIN_ANY = re.compile(rf"c{_APART}x"), re.compile(rf"[cC]{_APART}[xX]")
"""How every word begins: in small letters, where a literal is searched for fast, and in any."""
_WORD = re.compile(rf"(?i)c{_APART}x(?:{_APART}{_SYMBOL}){{20}}")
_BEGUN = re.compile(rf"(?i)c(?:{_APART}x(?:{_APART}{_SYMBOL}){{0,19}})?{_APART}\Z")
"""A word that has begun at the end of a text."""
_APART_LONGEST = 22 * 4
"""Characters that a word takes at most when it is separated."""
_BETWEEN = re.compile(r"[\W_]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{28,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrtbf"/\\]))')
_JOINING = re.compile(r"\\[ux/]")
"""Escapes of symbols that may be part of a longer stretch."""
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SEPARATORS = bytes(o for o in range(128) if not chr(o).isalnum())
_SQUASHED = re.compile(rb"(?i)cx[0-9a-hjkmnp-tv-z]{20}")
_ENCODED = 28
"""The shortest stretch of symbols that may encode a canary."""
_LONG = b"\1" * _ENCODED
_GZIP = re.compile("\x1f\x8b\x08")
_ZLIB = ("x\x01", "x^", "x\x9c", "x\xda")
"""How what was compressed begins, zlib's where a text does; its octets stand as characters."""
_ZLIB_IN_BASE64 = re.compile(r".{0,3}e[AFJN]")
_ZLIB_IN_HEX = re.compile(r"78(?:01|5[eE]|9[cC]|[dD][aA])[0-9a-fA-F]{40,}")
"""How a stretch begins that may be zlib's; joined with what stands before, it would begin there."""
_READABLE = re.compile("[\0\t\n\r -~]{22}")
"""As long as a word, in any encoding of it, and in UTF-16."""
_PACKED, _MOST = 8, 16 << 20
"""So many are unpacked of one text at most, and no more octets than these of any."""
DEPTH = 2
"""How many encodings are undone, one inside the other."""


class Word(msgspec.Struct, frozen=True):
    """Something of a canary's form: the bare word, where it stands, and how it was read."""

    word: str
    start: int
    end: int
    how: str
    """`plain`, `separated`, or the encodings undone, outermost first: `base64+percent`."""


def exact(text: str) -> Iterator[Word]:
    """The words that stand in a text as they were made, or with separators between symbols."""
    ascii_only = text.isascii()  # elsewhere small letters may be more, or fewer
    begins = _BEGIN.finditer(text.lower()) if ascii_only else _BEGIN_ANY.finditer(text)
    for begin in begins:
        found = _WORD.match(text, begin.start())
        if found:
            word = found[0]
            how = "plain" if word.isalnum() else "separated"
            yield Word(_BETWEEN.sub("", word), found.start(), found.end(), how)


def stretched(contents: Sequence[bytes]) -> list[bool]:
    """Which of many messages hold a stretch that may encode a word, in one piece or apart."""
    ends = np.cumsum(np.fromiter(map(len, contents), dtype=np.int64, count=len(contents)) + 1)
    together = b" ".join(contents)
    starts, _, uuids = stretches.long(together, _ENCODED)
    long = np.zeros(len(contents), dtype=np.bool_)
    long[np.searchsorted(ends, starts[~uuids], side="right")] = True
    found: list[bool] = long.tolist()
    if apart.may_be(together):  # hardly ever: only then each is looked at
        return [is_long or apart.may_be(c) for is_long, c in zip(found, contents, strict=True)]
    return found


def is_stretched(text: str) -> bool:
    """Whether a text holds a stretch that may encode a word, in one piece or apart."""
    octets = text.encode("utf-8", "replace")
    return _LONG in octets.translate(stretches.SYMBOLS) or apart.may_be(octets)


def within(content: bytes, *, stretch: bool) -> Iterator[Word]:
    """The words in a message; `stretch`: whether it holds one that may encode a word.

    Most messages hold none, and a fast look that overlooks nothing tells so.
    """
    if b"\x1f\x8b\x08" in content or content.startswith((b"x\x01", b"x^", b"x\x9c", b"x\xda")):
        yield from _in_parts(_unpacked(content.decode("latin-1")), DEPTH - 1, stretch=True)
    if stretch or b"\\" in content or b"%" in content or b"&" in content:
        yield from everywhere(content.decode("utf-8", "replace"), stretch=stretch)
    elif bare(content):
        yield from exact(content.decode("utf-8", "replace"))


def may_go_on(before: str, behind: str) -> bool:
    """Whether a word may begin in one text and go on in the next, by a look that overlooks none.

    As it was made, or separated, its beginning stands at the very end of the first.  Encoded,
    the end of the one and the beginning of the other are a stretch without a blank.
    """
    if _BEGUN.search(before, max(0, len(before) - _APART_LONGEST)) is not None:
        return True
    end = behind.find(" ")
    begun = len(before) - 1 - before.rfind(" ")
    return begun + (len(behind) if end < 0 else end) >= _ENCODED


def bare(content: bytes) -> bool:
    """Whether a message may hold words as they were made, by a fast look that overlooks none."""
    if not content.isascii():
        return True
    return _SQUASHED.search(content.translate(None, _SEPARATORS)) is not None


def everywhere(text: str, depth: int = DEPTH, *, stretch: bool = True) -> Iterator[Word]:
    """The words in a text and in whatever can be decoded from it.

    `stretch` may be False for a text that is known to hold none that could encode a word.
    For an encoded word `start` and `end` are those of the stretch that encodes it.
    """
    yield from exact(text)
    if depth == 0:
        return
    yield from _in_parts(
        _decoded(text, stretch=stretch),
        depth - 1,
        stretch=stretch or _JOINING.search(text) is not None,
    )


def unescaped(text: str) -> str:
    """A text as it reads with its escapes undone: JSON that nobody parsed."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _in_parts(parts: Iterable[_Part], depth: int, *, stretch: bool) -> Iterator[Word]:
    for part in parts:
        for inner in everywhere(part.plain, depth, stretch=stretch or part.how != "escapes"):
            under = "" if inner.how in ("plain", "separated") else f"+{inner.how}"
            start, end = part.stretch(inner.start, inner.end)
            yield Word(inner.word, start, end, part.how + under)


@dataclass(frozen=True, slots=True)
class _Part:
    """What a stretch of a text decodes to, and from where each piece of that came."""

    how: str
    plain: str
    stretch: Stretch


def _decoded(text: str, *, stretch: bool) -> Iterator[_Part]:
    """What parts of a text, or the whole of it, decode to."""
    yield from _unpacked(text)
    if "\\" in text:
        yield from _replaced("escapes", text, _ESCAPE, _unescaped)
    if "%" in text:
        yield from _replaced("percent", text, _PERCENT, lambda m: urllib.parse.unquote(m[0]))
    if "&" in text:
        yield from _replaced("html", text, _ENTITY, lambda m: html.unescape(m[0]))
    if stretch:
        flat = apart.flat(text)
        if apart.may_be(text.encode("utf-8", "replace")):
            yield from _in_numbers(flat)
        yield from _in_base64(flat)


def _in_numbers(flat: str) -> Iterator[_Part]:
    """What hexadecimal digits and lists of octets decode to."""
    for digits in apart.digits(flat):
        yield from _from_hex(digits)
    for found in _ZLIB_IN_HEX.finditer(flat):
        yield from _from_hex(apart.in_one_piece(found))
    for listed in apart.octets(flat):
        if _may_hold(listed.symbols):
            yield _Part("octets", listed.symbols, listed.stretch)


def _in_base64(flat: str) -> Iterator[_Part]:
    """What stretches of base64 decode to, wrapped ones as a whole."""
    runs = [run for run in _BASE64.finditer(flat) if not _UUID.fullmatch(run[0])]
    for joined in apart.wrapped(flat, (run.span() for run in runs)):
        yield from _from_base64(joined)
    for found in runs:
        if _ZLIB_IN_BASE64.match(found[0]):
            yield from _from_base64(apart.in_one_piece(found))


def _may_hold(plain: str) -> bool:
    """Whether octets may be, or encode, a word: most of what is decoded at a venture is noise."""
    if _READABLE.search(plain) is not None:
        return True
    return _GZIP.search(plain) is not None or plain.startswith(_ZLIB)


def _unpacked(text: str) -> Iterator[_Part]:
    """What was compressed by gzip or zlib, as far as it can be unpacked and is not too much."""
    begins = [found.start() for found in itertools.islice(_GZIP.finditer(text), _PACKED)]
    for begin in (0, *begins) if text.startswith(_ZLIB) else begins:
        try:
            octets = text[begin:].encode("latin-1", "replace")
            plain = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(octets, _MOST)
        except zlib.error:  # it only began like it
            continue
        yield _Part("compressed", plain.decode("utf-8", "replace"), _all_behind(begin, len(text)))


def _all_behind(begin: int, end: int) -> Stretch:
    """Of what was compressed nobody can say where a piece of it had stood."""
    return lambda _start, _end: (begin, end)


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _CONTROL.get(found[3], found[3])


@dataclass(slots=True)
class _Replacing:
    """A text while pieces of it are replaced: what came out, and where it had stood."""

    out: list[str] = field(default_factory=list)
    length: int = 0
    starts: list[int] = field(default_factory=list)
    """Where each piece begins in what came out."""
    stood: list[tuple[int, int, bool]] = field(default_factory=list)
    """Where it had stood, and whether it stayed as it was."""

    def add(self, piece: str, start: int, end: int, *, as_it_was: bool) -> None:
        """Append a piece that had stood from `start` to `end`."""
        if piece:
            self.starts.append(self.length)
            self.stood.append((start, end, as_it_was))
            self.out.append(piece)
            self.length += len(piece)

    def stretch(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of what came out had stood."""
        return self._at(start)[0], self._at(end - 1)[1]

    def _at(self, place: int) -> tuple[int, int]:
        piece = bisect.bisect_right(self.starts, place) - 1
        start, end, as_it_was = self.stood[piece]
        if not as_it_was:
            return start, end
        exactly = start + place - self.starts[piece]
        return exactly, exactly + 1


def _replaced(
    how: str, text: str, pattern: re.Pattern[str], plain: Callable[[re.Match[str]], str]
) -> Iterator[_Part]:
    """The text with every match replaced, where there is any."""
    replacing, at = _Replacing(), 0
    for found in pattern.finditer(text):
        replacing.add(text[at : found.start()], at, found.start(), as_it_was=True)
        replacing.add(plain(found), found.start(), found.end(), as_it_was=False)
        at = found.end()
    if at:
        replacing.add(text[at:], at, len(text), as_it_was=True)
        yield _Part(how, "".join(replacing.out), replacing.stretch)


def _from_hex(run: Joined) -> Iterator[_Part]:
    for skip in range(2):
        digits = run.symbols[skip : skip + (len(run.symbols) - skip) // 2 * 2]
        plain = bytes.fromhex(digits).decode("latin-1")
        if _may_hold(plain):
            yield _Part("hex", plain, _spread(run, skip, 2, 1))


def _from_base64(run: Joined) -> Iterator[_Part]:
    symbols = run.symbols.replace("-", "+").replace("_", "/")
    for skip in range(4):
        part = symbols[skip:]
        tail = len(part) % 4
        padded = part + "=" * (4 - tail) if tail > 1 else part[: len(part) - tail]
        plain = base64.b64decode(padded).decode("latin-1")
        if _may_hold(plain):
            yield _Part("base64", plain, _spread(run, skip, 4, 3))


def _spread(run: Joined, begin: int, symbols: int, octets: int) -> Stretch:
    """Where octets had stood of which so many took so many symbols."""

    def stretch(start: int, end: int) -> tuple[int, int]:
        return run.stretch(begin + start * symbols // octets, begin - (-end * symbols // octets))

    return stretch
