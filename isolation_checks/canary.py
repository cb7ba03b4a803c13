"""Token canaries: words that say by themselves whose they are.

A canary is `CX` and 20 symbols of Crockford's base 32 (no I, L, O, U): 16 bits
of run, 22 of owner, 20 of serial and 42 of a keyed check, so that any process
can make one or read one with no shared state but the key.  The adversary is
chance, not a forger: one in 2**42 random strings of that form would pass.
It holds no state and looks at no clock.
"""

from __future__ import annotations

import functools
import hmac
import re
from dataclasses import dataclass
from typing import NewType

Canary = NewType("Canary", str)
OwnerNumber = NewType("OwnerNumber", int)
"""The number by which a canary names its principal; unique within a run."""

PREFIX = "CX"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BODY = 20
LENGTH = len(PREFIX) + BODY
RUN_BITS, OWNER_BITS, SERIAL_BITS, CHECK_BITS = 16, 22, 20, 42
PATTERN = re.compile(rb"(?i)cx[0-9a-hjkmnp-tv-z]{20}")
"""Everything that has a canary's form, in any case; `read` tells which are ones."""

_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a canary says: of which run it is, whose, and the how-manieth."""

    run: int
    owner: OwnerNumber
    serial: int


def run_number(run: str) -> int:
    """The 16 bits by which canaries name a run."""
    return int.from_bytes(hmac.digest(b"run", run.encode(), "sha256")[: RUN_BITS // 8], "big")


def make(key: bytes, parts: Parts) -> Canary:
    """The canary for these parts, upper-case.

    Raises:
        ValueError: a part does not fit its bits.
    """
    for value, bits, name in (
        (parts.run, RUN_BITS, "run"),
        (parts.owner, OWNER_BITS, "owner"),
        (parts.serial, SERIAL_BITS, "serial"),
    ):
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{name} {value} does not fit into {bits} bits")
    payload = (parts.run << OWNER_BITS | parts.owner) << SERIAL_BITS | parts.serial
    number = payload << CHECK_BITS | _check(key, payload)
    symbols = (ALPHABET[number >> shift & 31] for shift in range(5 * (BODY - 1), -1, -5))
    return Canary(PREFIX + "".join(symbols))


@functools.lru_cache(maxsize=1 << 14)
def read(key: bytes, word: str) -> Parts | None:
    """What a word of a canary's form says, or None when it is no canary of this key."""
    body = word[len(PREFIX) :].upper()
    if len(body) != BODY or word[: len(PREFIX)].upper() != PREFIX:
        return None
    number = 0
    for symbol in body:
        value = _VALUE.get(symbol)
        if value is None:
            return None
        number = number << 5 | value
    payload = number >> CHECK_BITS
    if number & ((1 << CHECK_BITS) - 1) != _check(key, payload):
        return None
    return Parts(
        run=payload >> (OWNER_BITS + SERIAL_BITS),
        owner=OwnerNumber(payload >> SERIAL_BITS & ((1 << OWNER_BITS) - 1)),
        serial=payload & ((1 << SERIAL_BITS) - 1),
    )


def _check(key: bytes, payload: int) -> int:
    """The first 42 bits of HMAC-SHA-256 over the payload."""
    digest = hmac.digest(key, payload.to_bytes(8, "big"), "sha256")
    return int.from_bytes(digest[:8], "big") >> (64 - CHECK_BITS)
