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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from isolation_checks import scanning
from isolation_checks.scanning import Scanner

_DOT = rb"(?:\.|%2[eE]|\\u002[eE])"
_JWT = re.compile(
    rb"eyJ[A-Za-z0-9_-]{8,}" + _DOT + rb"[A-Za-z0-9_-]{8,}" + _DOT + rb"[A-Za-z0-9_-]*"
)
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/_-]|\\/){40,}={0,2}")
_HEX = re.compile(rb"[0-9a-fA-F]{80,}")
_ESCAPED = re.compile(rb"(?:\\u00[0-9a-fA-F]{2}){3}(?:\\u00[0-9a-fA-F]{2}|[A-Za-z0-9_.-])+")
_PERCENT = re.compile(rb"(?:%[0-9a-fA-F]{2}){3}(?:%[0-9a-fA-F]{2}|[A-Za-z0-9_.-])+")
_SHAPES = (
    rb"(?:e|%65|\\u0065)(?:y|%79|\\u0079)(?:J|%4[aA]|\\u004[aA])",
    rb"(?:ZXlK|V5S|leU)(?:[A-Za-z0-9+/_-]|\\/){20}",
    rb"65794[aA][0-9a-fA-F]{36}",
)
"""One of these is in everything that hides a JWT: raw or escaped, base64 at 0, 1, 2, hex.

A JWT begins with `eyJ`, and at least 18 bytes follow.
"""
_SHORTEST = 16
"""A known secret shorter than this would be found where it is not meant."""
_PIECE, _ODD_PIECE = 24, 96
_GENERATION = 64
NOBODYS = "unknown"
"""What a mark says in the place of an owner whom nobody knows."""
Whose = Callable[[Mapping[str, Any]], str | None]


@functools.cache
def _shapes() -> Scanner:
    return Scanner(_SHAPES)


@dataclass(frozen=True, slots=True)
class _Generation:
    """Secrets that are looked for together: a piece of a written form of each."""

    pieces: list[tuple[bytes, bytes]]
    """Each with its secret."""
    scanner: Scanner


class Credentials:
    """The secrets that are known by now, and the screen that nothing passes unmarked."""

    def __init__(self, key: bytes, whose: Whose = lambda _: None) -> None:
        """`whose`: the owner of a JWT that is not known, by what it says, where that tells."""
        self._key = key
        self._whose = whose
        self._owners: dict[bytes, str] = {}
        self._fresh: list[tuple[bytes, bytes]] = []
        """Pieces of which no generation was made yet, each with its secret."""
        self._generations: tuple[_Generation, ...] = ()
        self._turns = [None]
        """Whoever can take it makes a generation; taking it cannot be interrupted."""

    def know(self, secret: str, owner: str) -> None:
        """Remember a secret and whose it is.

        Secrets under 16 characters are not kept: they would be found everywhere.
        """
        raw = secret.encode()
        if len(raw) < _SHORTEST or raw in self._owners:
            return
        self._owners[raw] = owner
        if _JWT.fullmatch(raw) is None:  # one that looks like a JWT is found by its looks
            self._fresh += [(_piece(form), raw) for form in _forms(raw)]

    def suspects(self, content: bytes) -> bool:
        """Whether a closer look is needed."""
        return bool(self.places(content))

    def places(self, content: bytes) -> list[int]:
        """Where something ends that needs a closer look: a fast screen over many messages.

        What `marked` alters in a message lies before one of these places in it.
        """
        places = [end for _, end in _shapes().hits(content)]
        places += [end for _, end in self._known_in(content)]
        return places

    def marked(self, content: bytes) -> bytes:
        """The content with every credential replaced by its mark."""
        for raw in dict.fromkeys(raw for raw, _ in self._known_in(content)):
            mark = self._mark(raw)
            for form in sorted(_forms(raw), key=len, reverse=True):
                content = content.replace(form, mark)
        if _shapes().hits(content):
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
            owner = self._owners.get(plain) or self._whose(_claims(plain)) or NOBODYS
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

    def _known_in(self, content: bytes) -> Iterator[tuple[bytes, int]]:
        """The known secrets of which a piece stands there, and where one ends."""
        self._settle()
        fresh = tuple(self._fresh)  # first: what another thread takes from it is in a generation
        for generation in self._generations:
            for number, end in generation.scanner.hits(content):
                yield generation.pieces[number][1], end
        for piece, raw in fresh:
            for found in re.finditer(re.escape(piece), content):
                yield raw, found.end()

    def _settle(self) -> None:
        """Make a generation of the new secrets, merging small ones.

        So each secret is built into few of them however many come, one at a time.  While one
        thread does, others look for the new ones each by itself.
        """
        if not self._fresh:
            return
        try:
            turn = self._turns.pop()
        except IndexError:
            return
        try:
            fresh, older = list(self._fresh), list(self._generations)
            pieces = fresh
            while older and len(older[-1].pieces) <= max(len(pieces), _GENERATION):
                pieces = older.pop().pieces + pieces
            made = _Generation(pieces, Scanner([scanning.word(piece) for piece, _ in pieces]))
            self._generations = (*older, made)
            del self._fresh[: len(fresh)]
        finally:
            self._turns.append(turn)


def _piece(form: bytes) -> bytes:
    """The part of a secret's form that the screen looks for."""
    longest: bytes = max(re.findall(rb"[A-Za-z0-9+/_-]+", form), key=len, default=b"")
    return longest[:_PIECE] if len(longest) >= _SHORTEST else form[:_ODD_PIECE]


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


def _claims(token: bytes) -> Mapping[str, Any]:
    """What a JWT says, signed or not; nothing where it is none."""
    claims = token.split(b".")[1:2]
    try:
        said = json.loads(base64.urlsafe_b64decode(b"".join(claims) + b"=="))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
