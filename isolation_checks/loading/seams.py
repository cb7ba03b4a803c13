"""What was cut: words and facts that stand where one streamed text ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from isolation_checks.loading import words

TAIL = 200
"""Characters on either side of a seam that are joined to find a word that was cut: a canary
in escapes takes 132, and 176 in base64 of them."""
MIXED = "reassembled across answers"
"""How a word was found that nobody can say in which conversation it came."""
_EVERYTHING = "session"
"""All that a session gets, whatever it answers."""


@dataclass(slots=True)
class Seams:
    """The ends of what one session got, by the answer they belong to, in the order of receipt."""

    _tails: dict[str | None, str] = field(default_factory=dict)
    _pieces: dict[str | None, str] = field(default_factory=dict)

    def words(self, answer: str | None, text: str) -> Iterator[words.Word]:
        """Words of which a text holds the end, and the texts before it the rest.

        Pieces of one answer are joined, and all that one session gets.  Where its own answers
        come side by side, the one may end by chance what the other began: such words are `MIXED`.
        """
        searched = None
        for key in (answer, _EVERYTHING):
            tail = self._tails.get(key, "")
            self._tails[key] = text[-TAIL:] if len(text) >= TAIL else (tail + text)[-TAIL:]
            if tail == searched:  # most often the session hears but this answer
                continue
            searched = tail
            if tail and words.may_go_on(tail, text):
                seam = tail + text[:TAIL]
                octets = seam.encode("utf-8", "replace")
                for word in words.within(octets, stretch=words.is_stretched(seam)):
                    if word.start < len(tail) < word.end:
                        how = MIXED if key in (None, _EVERYTHING) else "reassembled"
                        yield words.Word(word.word, 0, len(text), how)

    def joined(self, answer: str | None, piece: str) -> tuple[str, int]:
        """A piece behind the end of the answer so far, and how many characters that end has."""
        before = self._pieces.get(answer, "")
        text = before + piece
        self._pieces[answer] = text[-TAIL:]
        return text, len(before)
