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


def long(content: bytes, least: int) -> tuple[Places, Places, npt.NDArray[np.bool_]]:
    """Stretches of at least so many symbols: starts, lengths, and which look like a UUID."""
    inside = np.frombuffer(b"\0" + content.translate(SYMBOLS) + b"\0", dtype=np.uint8)
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    enough = lengths >= least
    starts, lengths = starts[enough], lengths[enough]
    octets = np.frombuffer(content, dtype=np.uint8)
    uuids = lengths == _UUID_LENGTH
    maybe = np.flatnonzero(uuids)
    dashes = octets[starts[maybe, None] + np.array(_UUID_DASHES)] == ord("-")
    uuids[maybe] = dashes.all(axis=1)
    return starts, lengths, uuids


def is_uuid(stretch: bytes) -> bool:
    """Whether a stretch has the length and the dashes of a UUID."""
    return len(stretch) == _UUID_LENGTH and all(stretch[at] == ord("-") for at in _UUID_DASHES)


def pattern(least: int) -> re.Pattern[bytes]:
    """The same stretches as a pattern: faster where the content is short."""
    return re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % least)
