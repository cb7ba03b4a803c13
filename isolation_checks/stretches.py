"""Finds long stretches of the symbols that tokens and encodings are made of.

Base64, hex, opaque secrets and UUIDs are such stretches; hardly anything else is.
It knows neither secrets nor canaries.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
_SYMBOLS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
SYMBOLS = bytes(octet in _SYMBOLS for octet in range(256))
"""A table for `translate`: 1 for every symbol, 0 for everything else."""
_UUID_LENGTH, _UUID_DASHES = 36, (8, 13, 18, 23)
_BLOCK = 8
SHORTEST = 2 * _BLOCK - 1
"""A stretch as long as this fills at least one aligned block of eight, wherever it begins."""
_FULL = np.uint64(int.from_bytes(b"\1" * _BLOCK, "little"))


def long(content: bytes, least: int) -> tuple[Places, Places, npt.NDArray[np.bool_]]:
    """Stretches of at least so many symbols: starts, lengths, and which look like a UUID.

    Raises:
        ValueError: `least` is under `SHORTEST`.
    """
    if least < SHORTEST:
        raise ValueError(f"stretches shorter than {SHORTEST} symbols are not found for sure")
    edge = b"\0" * _BLOCK
    marked = b"".join((edge, content.translate(SYMBOLS), edge, bytes(-len(content) % _BLOCK)))
    # most of the text is words, whose beginnings are many: only whole blocks are looked at
    blocks = np.frombuffer(marked, dtype="<u8")
    full = np.flatnonzero(blocks == _FULL)
    if not len(full):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_)
    apart = np.flatnonzero(np.diff(full) != 1)
    first, last = full[np.concatenate(([0], apart + 1))], full[np.append(apart, len(full) - 1)]
    before, behind = blocks[first - 1] ^ _FULL, blocks[last + 1] ^ _FULL
    begins = first * _BLOCK - (_BLOCK - 1 - _octet(before))
    ends = (last + 1) * _BLOCK + _octet(behind & (~behind + np.uint64(1)))
    starts, lengths = begins - _BLOCK, ends - begins
    enough = lengths >= least
    starts, lengths = starts[enough], lengths[enough]
    octets = np.frombuffer(content, dtype=np.uint8)
    uuids = lengths == _UUID_LENGTH
    maybe = np.flatnonzero(uuids)
    for dash in _UUID_DASHES:  # one after the other: few that have the length lack the dashes
        maybe = maybe[octets[starts[maybe] + dash] == ord("-")]
    uuids[:] = False
    uuids[maybe] = True
    return starts, lengths, uuids


def _octet(marked: npt.NDArray[np.uint64]) -> Places:
    """In which octet of each block, from its beginning, the last mark stands.

    A block that a stretch does not fill has one: it is where the stretch begins or ends.
    """
    _, exponents = np.frexp(marked.astype(np.float64))
    return (exponents.astype(np.int64) - 1) // 8


def is_uuid(stretch: bytes) -> bool:
    """Whether a stretch has the length and the dashes of a UUID."""
    return len(stretch) == _UUID_LENGTH and all(stretch[at] == ord("-") for at in _UUID_DASHES)


def pattern(least: int) -> re.Pattern[bytes]:
    """The same stretches as a pattern: faster where the content is short."""
    return re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % least)
