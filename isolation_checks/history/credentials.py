"""Keeps credentials out of a run: each becomes a mark that still says whose it was.

Known secrets, and anything shaped like a JWT, are found raw, with JSON or percent
escapes, in hex and in base64 at its three alignments.  The mark holds a keyed hash;
the key stays in memory.  It writes nothing and remembers secrets only while it lives.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import urllib.parse
from collections.abc import Callable, Iterator

import ahocorasick
import numpy as np

_DOT = rb"(?:\.|%2[eE]|\\u002[eE])"
_JWT = re.compile(
    rb"eyJ[A-Za-z0-9_-]{8,}" + _DOT + rb"[A-Za-z0-9_-]{8,}" + _DOT + rb"[A-Za-z0-9_-]*"
)
_HINTS = (b"eyJ", b"ZXlK", b"V5S", b"leU", b"65794a", b"65794A", b"%65", b"\\u0065")
"""One of these is in everything that hides a JWT: raw, base64 at 0, 1, 2, hex, escapes."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){40,}")
_ESCAPED = re.compile(rb"(?:\\u00[0-9a-fA-F]{2}){3}(?:\\u00[0-9a-fA-F]{2}|[A-Za-z0-9_.-])+")
_PERCENT = re.compile(rb"(?:%[0-9a-fA-F]{2}){3}(?:%[0-9a-fA-F]{2}|[A-Za-z0-9_.-])+")
_SHORTEST = 16
"""A known secret shorter than this would be found where it is not meant."""
_IN_RUN = np.zeros(256, dtype=np.bool_)
_IN_RUN[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")] = True
_UUID_LENGTH, _UUID_DASHES = 36, (8, 13, 18, 23)
_PIECE = 24
_GENERATION = 64


class Credentials:
    """The secrets that are known by now, and the screen that nothing passes unmarked."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._owners: dict[bytes, str] = {}
        self._fresh: list[tuple[str, bytes]] = []
        self._generations: list[tuple[int, ahocorasick.Automaton, list[tuple[str, bytes]]]] = []

    def know(self, secret: str, owner: str) -> None:
        """Remember a secret and whose it is.  Secrets under 16 characters are not kept:
        they would be found everywhere."""
        raw = secret.encode()
        if len(raw) < _SHORTEST or raw in self._owners:
            return
        self._owners[raw] = owner
        if _JWT.fullmatch(raw) is None:  # one that looks like a JWT is found by its looks
            self._fresh.extend((_piece(form), raw) for form in _forms(raw))

    def suspects(self, content: bytes | bytearray) -> bool:
        """Whether a closer look is needed: a fast screen over many messages at once."""
        if any(hint in content for hint in _HINTS):
            return True
        return bool(self._owners) and any(True for _ in self._known_in(bytes(content)))

    def marked(self, content: bytes) -> bytes:
        """The content with every credential replaced by its mark."""
        for raw in set(self._known_in(content)):
            mark = self._mark(raw)
            for form in sorted(_forms(raw), key=len, reverse=True):
                content = content.replace(form, mark)
        if any(hint in content for hint in _HINTS):
            content = _JWT.sub(lambda found: self._mark(found[0]), content)
            for pattern, decoded in _WRAPPED:
                content = pattern.sub(self._unwrapping(decoded), content)
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

    def _unwrapping(
        self, decoded: Callable[[bytes], Iterator[bytes]]
    ) -> Callable[[re.Match[bytes]], bytes]:
        def replaced(found: re.Match[bytes]) -> bytes:
            for plain in decoded(found[0]):
                inner = _JWT.search(plain)
                if inner:
                    return self._mark(inner[0])
            return found[0]

        return replaced

    def _known_in(self, content: bytes) -> Iterator[bytes]:
        self._settle()
        if not self._generations:
            return
        runs = _runs(content)
        if b"\\u00" in content:
            runs += [found[0] for found in _ESCAPED.finditer(content)]
        text = b" ".join(runs).decode("latin-1")
        for _, automaton, _ in self._generations:
            for _, raws in automaton.iter(text):
                yield from raws

    def _settle(self) -> None:
        """Build an automaton for the new secrets, merging small ones: each secret is
        built into few automata however many come, one at a time."""
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


def _runs(content: bytes) -> list[bytes]:
    """What may hold an opaque secret in any form but the escapes: long runs of the
    symbols that tokens are made of.  A UUID is none; most messages have several."""
    symbols = np.frombuffer(content, dtype=np.uint8)
    inside = np.zeros(len(symbols) + 2, dtype=np.int8)
    inside[1:-1] = _IN_RUN[symbols]
    edges = np.flatnonzero(np.diff(inside))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    starts, lengths = starts[lengths >= _SHORTEST], lengths[lengths >= _SHORTEST]
    maybe = np.flatnonzero(lengths == _UUID_LENGTH)
    dashes = symbols[starts[maybe, None] + np.array(_UUID_DASHES)] == ord("-")
    keep = np.ones(len(starts), dtype=np.bool_)
    keep[maybe[dashes.all(axis=1)]] = False
    found = zip(starts[keep].tolist(), lengths[keep].tolist(), strict=True)
    return [content[start : start + length] for start, length in found]


def _piece(form: bytes) -> str:
    """The part of a secret's form that the screen looks for."""
    if form.startswith(b"\\u"):
        return form[:_PIECE].decode("latin-1")
    longest = max(re.findall(rb"[A-Za-z0-9+/_-]+", form) or [form], key=len)
    return longest[:_PIECE].decode("latin-1")


def _forms(raw: bytes) -> set[bytes]:
    """The ways in which a secret is written, without the edges that depend on neighbours."""
    forms = {
        raw,
        raw.replace(b"/", b"\\/"),
        urllib.parse.quote(raw, safe="").encode(),
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


def _from_base64(run: bytes) -> Iterator[bytes]:
    plain = run.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    for skip in range(4):
        part = plain[skip:]
        try:
            yield base64.b64decode(part[: len(part) // 4 * 4] + _rest(part))
        except (binascii.Error, ValueError):
            continue


def _rest(part: bytes) -> bytes:
    tail = part[len(part) // 4 * 4 :]
    return tail + b"=" * (4 - len(tail)) if len(tail) > 1 else b""


def _from_hex(run: bytes) -> Iterator[bytes]:
    yield bytes.fromhex(run.decode())


def _from_escapes(run: bytes) -> Iterator[bytes]:
    yield re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda m: bytes.fromhex(m[1].decode()), run)


def _from_percent(run: bytes) -> Iterator[bytes]:
    yield urllib.parse.unquote_to_bytes(run)


_WRAPPED = (
    (_BASE64, _from_base64),
    (_HEX, _from_hex),
    (_ESCAPED, _from_escapes),
    (_PERCENT, _from_percent),
)
