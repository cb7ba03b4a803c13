"""Finds any of thousands of patterns in one pass over many bytes.

It says where they end; what they mean, and whose they are, is known elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import hyperscan
import numpy as np
import numpy.typing as npt

LONGEST = 4
"""Octets that a character takes at most."""
_BETWEEN = "\0"
"""What stands between texts that are scanned together; in no word that is looked for."""


class Scanner:
    """Patterns that are looked for together; several threads may scan at once."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        """Compile them, which takes about 20 microseconds for each."""
        self._spare: list[hyperscan.Scratch] = []
        """What no scan uses at present; taking one and putting it back cannot be interrupted."""
        self._database = hyperscan.Database() if patterns else None
        if self._database is not None:
            self._database.compile(
                expressions=list(patterns),
                ids=list(range(len(patterns))),
                elements=len(patterns),
                flags=[0] * len(patterns),
            )

    def hits(self, content: bytes) -> list[tuple[int, int]]:
        """Every place at which a pattern ends, with the pattern's number; overlapping ones too.

        They come about in the order of their ends.
        """
        found: list[tuple[int, int]] = []
        if self._database is None or not content:
            return found

        def hit(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append((number, end))

        scratch = self._spare.pop() if self._spare else hyperscan.Scratch(self._database)
        self._database.scan(content, match_event_handler=hit, scratch=scratch)
        self._spare.append(scratch)
        return found

    def among(self, texts: Sequence[str]) -> Among:
        """The same over many texts together: which stands in which."""
        joined = octets(_BETWEEN.join(texts))
        hits = self.hits(joined)
        numbers, places = np.array(hits, dtype=np.int64).reshape(-1, 2).T
        lengths = texts if joined.isascii() else list(map(octets, texts))
        sizes = np.fromiter(map(len, lengths), dtype=np.int64, count=len(texts)) + 1
        ends = np.cumsum(sizes)
        which = np.searchsorted(ends, places)
        return Among(numbers=numbers, texts=which, ends=places - ends[which] + sizes[which])


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """What was found in texts that were scanned together, a hit an element."""

    numbers: npt.NDArray[np.int64]
    """The pattern's."""
    texts: npt.NDArray[np.int64]
    """In which text it ends."""
    ends: npt.NDArray[np.int64]
    """Behind how many octets of it, as UTF-8."""


def word(word: bytes) -> bytes:
    """The pattern of a word as it is, whatever octets it is made of."""
    return b"".join(b"\\x%02x" % octet for octet in word)


def around(text: bytes, start: int, end: int) -> str:
    """The characters on either side of a stretch of a UTF-8 text, as far as there are any."""
    before = text[max(0, start - LONGEST) : start].decode("utf-8", "ignore")
    return before[-1:] + text[end : end + LONGEST].decode("utf-8", "ignore")[:1]


def octets(text: str) -> bytes:
    """A text as it is scanned: what UTF-8 has no form for is a question mark."""
    return text.encode("utf-8", "replace")
