"""Keeps credentials out of a run: each becomes a mark that still says whose it was.

Known secrets, and anything shaped like a JWT, are found raw, with JSON or percent
escapes, in hex and in base64 at its three alignments.  The mark holds a keyed hash;
the key stays in memory.  It writes nothing and remembers secrets only while it lives.
"""

from __future__ import annotations

import base64
import functools
import hmac
import json
import re
import urllib.parse
from collections.abc import Callable, Collection, Iterator

import ahocorasick
import numpy as np

from isolation_checks import stretches

_DOT = rb"(?:\.|%2[eE]|\\u002[eE])"
_JWT = re.compile(
    rb"eyJ[A-Za-z0-9_-]{8,}" + _DOT + rb"[A-Za-z0-9_-]{8,}" + _DOT + rb"[A-Za-z0-9_-]*"
)
_HINTS = (b"eyJ", b"ZXlK", b"V5S", b"leU", b"65794a", b"65794A", b"%65", b"\\u0065")
"""One of these is in everything that hides a JWT: raw, base64 at 0, 1, 2, hex, escapes."""
_ANYWHERE, _WITHIN_RUNS = (b"eyJ", b"%65", b"\\u0065"), _HINTS[1:6]
"""Those that may stand anywhere, and those that stand in a long run of a token's symbols."""
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/_-]|\\/){40,}={0,2}")
_HEX = re.compile(rb"[0-9a-fA-F]{80,}")
_ESCAPED = re.compile(rb"(?:\\u00[0-9a-fA-F]{2}){3}(?:\\u00[0-9a-fA-F]{2}|[A-Za-z0-9_.-])+")
_PERCENT = re.compile(rb"(?:%[0-9a-fA-F]{2}){3}(?:%[0-9a-fA-F]{2}|[A-Za-z0-9_.-])+")
_SHORTEST = 16
"""A known secret shorter than this would be found where it is not meant."""
_RUN = stretches.pattern(_SHORTEST)
_MANY = 4_096
"""From how many octets on arrays are faster than a pattern."""
_PIECE = 24
_GENERATION = 64


class Credentials:
    """The secrets that are known by now, and the screen that nothing passes unmarked."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._owners: dict[bytes, str] = {}
        self._odd: list[tuple[bytes, bytes]] = []
        """Forms without a long run of a token's symbols, each with its secret."""
        self._uuids: set[bytes] = set()
        """The secrets that look like what every message is full of."""
        self._fresh: list[tuple[str, bytes]] = []
        self._generations: list[tuple[int, ahocorasick.Automaton, list[tuple[str, bytes]]]] = []

    def know(self, secret: str, owner: str) -> None:
        """Remember a secret and whose it is.

        Secrets under 16 characters are not kept: they would be found everywhere.
        """
        raw = secret.encode()
        if len(raw) < _SHORTEST or raw in self._owners:
            return
        self._owners[raw] = owner
        if stretches.is_uuid(raw):
            self._uuids.add(raw)
        if _JWT.fullmatch(raw) is None:  # one that looks like a JWT is found by its looks
            for form in _forms(raw):
                piece = _piece(form)
                if len(piece) < _SHORTEST:
                    self._odd.append((form, raw))
                else:
                    self._fresh.append((piece, raw))

    def suspects(self, content: bytes | bytearray) -> bool:
        """Whether a closer look is needed: a fast screen over many messages at once."""
        content = bytes(content)
        if any(hint[:1] in content and hint in content for hint in _ANYWHERE):
            return True
        runs = _runs(content, self._uuids)
        if any(hint in runs for hint in _WITHIN_RUNS):
            return True
        return bool(self._owners) and any(True for _ in self._known_in(content, runs))

    def marked(self, content: bytes) -> bytes:
        """The content with every credential replaced by its mark."""
        for raw in set(self._known_in(content, _runs(content, self._uuids))):
            mark = self._mark(raw)
            for form in sorted(_forms(raw), key=len, reverse=True):
                content = content.replace(form, mark)
        if any(hint in content for hint in _HINTS):
            content = _JWT.sub(lambda found: self._mark(found[0]), content)
            for pattern, decoded in _WRAPPED:
                content = pattern.sub(functools.partial(self._unwrapped, decoded), content)
        return content

    def marked_text(self, text: str) -> str:
        """The same for text, as it stands in logs and errors."""
        return self.marked(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    def _mark(self, raw: bytes) -> bytes:
        plain = raw.replace(b"%2E", b".").replace(b"%2e", b".")
        plain = re.sub(rb"\\u002[eE]", b".", plain)
        owner = self._owners.get(plain)
        if owner is None:  # what stood behind a token may look like more of it
            whole = (known for known in self._owners if plain.startswith(known))
            plain = next(whole, plain)
            owner = self._owners.get(plain, "unknown")
        return f"credential.{owner}.{hmac.digest(self._key, plain, 'sha256').hex()[:16]}".encode()

    def _unwrapped(self, decoded: _Decoder, found: re.Match[bytes]) -> bytes:
        """An encoded run with the stretches marked that encode a JWT."""
        return b"".join(self._pieces(decoded, found[0]))

    def _pieces(self, decoded: _Decoder, run: bytes) -> Iterator[bytes]:
        while run:
            for plain, stretch in decoded(run):
                inner = _JWT.search(plain)
                if inner:
                    start, end = stretch(*inner.span())
                    yield run[:start]
                    yield self._mark(inner[0])
                    run = run[end:]
                    break
            else:
                yield run
                return

    def _known_in(self, content: bytes, runs: bytes) -> Iterator[bytes]:
        self._settle()
        yield from (raw for form, raw in self._odd if form in content)
        if not self._generations:
            return
        if b"\\" in content and b"\\u00" in content:
            runs = b" ".join((runs, *(found[0] for found in _ESCAPED.finditer(content))))
        text = runs.decode("latin-1")
        for _, automaton, _ in self._generations:
            for _, raws in automaton.iter(text):
                yield from raws

    def _settle(self) -> None:
        """Build an automaton for the new secrets, merging small ones.

        So each secret is built into few automata however many come, one at a time.
        """
        if not self._fresh:
            return
        pieces, self._fresh = self._fresh, []
        while self._generations and self._generations[-1][0] <= max(len(pieces), _GENERATION):
            pieces = self._generations.pop()[2] + pieces
        automaton = ahocorasick.Automaton()
        for piece, raw in pieces:
            automaton.add_word(piece, [*automaton.get(piece, []), raw])
        automaton.make_automaton()
        self._generations.append((len(pieces), automaton, pieces))


def _runs(content: bytes, known: Collection[bytes]) -> bytes:
    """What may hold an opaque secret: the long runs of the symbols that tokens are made of.

    A UUID is none unless it is known to be one; most messages have several.
    """
    if len(content) < _MANY:
        found = _RUN.findall(content)
        return b" ".join(run for run in found if run in known or not stretches.is_uuid(run))
    starts, lengths, uuids = stretches.long(content, _SHORTEST)
    keep = ~uuids
    if known:
        for place in np.flatnonzero(uuids):
            keep[place] = content[starts[place] : starts[place] + lengths[place]] in known
    starts, lengths = starts[keep], lengths[keep] + 1  # with what ends the run
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    octets = np.frombuffer(content + b" ", dtype=np.uint8)
    return bytes(octets[np.repeat(starts, lengths) + within])


def _piece(form: bytes) -> str:
    """The part of a secret's form that the screen looks for."""
    if form.startswith(b"\\u"):
        return form[:_PIECE].decode("latin-1")
    longest: bytes = max(re.findall(rb"[A-Za-z0-9+/_-]+", form), key=len, default=b"")
    return longest[:_PIECE].decode("latin-1")


def _forms(raw: bytes) -> set[bytes]:
    """The ways in which a secret is written, without the edges that depend on neighbours."""
    quoted = urllib.parse.quote(raw, safe="").encode()
    text = raw.decode("utf-8", "replace")
    forms = {
        raw,
        raw.replace(b"/", b"\\/"),
        json.dumps(text)[1:-1].encode(),
        json.dumps(text, ensure_ascii=False)[1:-1].encode(),
        quoted,
        re.sub(rb"%..", lambda found: found[0].lower(), quoted),
        raw.hex().encode(),
        raw.hex().upper().encode(),
        b"".join(b"\\u%04x" % octet for octet in raw),
    }
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        first = (0, 2, 3)[before]
        last = len(encoded) - (0, 3, 2)[(before + len(raw)) % 3]
        inner = encoded[first:last]
        forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in forms if len(form) >= _SHORTEST}


_Stretch = Callable[[int, int], tuple[int, int]]
"""From a range of decoded octets to the range of symbols that encodes it."""
_Decoder = Callable[[bytes], Iterator[tuple[bytes, _Stretch]]]


def _everything(run: bytes) -> _Stretch:
    return lambda _start, _end: (0, len(run))


def _spread(skip: int, symbols: int, octets: int) -> _Stretch:
    def stretch(start: int, end: int) -> tuple[int, int]:
        return skip + start * symbols // octets, skip - (-end * symbols // octets)

    return stretch


def _from_base64(run: bytes) -> Iterator[tuple[bytes, _Stretch]]:
    plain = run.rstrip(b"=").replace(b"\\", b"").replace(b"-", b"+").replace(b"_", b"/")
    for skip in range(4):
        part = plain[skip:]
        tail = len(part) % 4
        whole = part + b"=" * (4 - tail) if tail > 1 else part[: len(part) - tail]
        stretch = _everything(run) if b"\\" in run else _spread(skip, 4, 3)
        yield base64.b64decode(whole), stretch


def _from_hex(run: bytes) -> Iterator[tuple[bytes, _Stretch]]:
    for skip in range(2):
        digits = run[skip : skip + (len(run) - skip) // 2 * 2]
        yield bytes.fromhex(digits.decode()), _spread(skip, 2, 1)


def _from_escapes(run: bytes) -> Iterator[tuple[bytes, _Stretch]]:
    plain = re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda m: bytes.fromhex(m[1].decode()), run)
    yield plain, _everything(run)


def _from_percent(run: bytes) -> Iterator[tuple[bytes, _Stretch]]:
    yield urllib.parse.unquote_to_bytes(run), _everything(run)


_WRAPPED: tuple[tuple[re.Pattern[bytes], _Decoder], ...] = (
    (_BASE64, _from_base64),
    (_HEX, _from_hex),
    (_ESCAPED, _from_escapes),
    (_PERCENT, _from_percent),
)
