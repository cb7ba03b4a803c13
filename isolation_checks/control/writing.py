"""How the words of a break are written: moved as they are, encoded, split.

It works on bytes and knows what a canary looks like; what finds canaries it does not know.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Callable, Iterable, Mapping

LOOKS_LIKE_A_CANARY = re.compile(rb"CX[0-9A-HJKMNP-TV-Z]{20}")
_KEPT = 64
"""So many bytes of a text's end are kept to find a canary that begins in them."""
PLAIN, LOWER = "moved", "lower case"
ARGUMENT = b""
"""Stands among names for a text that has none, but stands behind the name of its event."""
SPLIT = "split over two frames"
SWAPPED = "put into the recipient's own answer"


def _escaped(word: bytes) -> bytes:
    return b"".join(b"\\u%04x" % octet for octet in word)


def _percent(word: bytes) -> bytes:
    return b"".join(b"%%%02X" % octet for octet in word)


def _hex(word: bytes) -> bytes:
    return word.hex().encode()


def _in_lines(word: bytes) -> bytes:
    """Base64 of a longer text, as mail wraps it and JSON writes it: the word lies over a seam."""
    lines = base64.encodebytes(b"." * 45 + word + b"." * 45).splitlines()
    return b"\\r\\n".join(lines)


ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    PLAIN: lambda word: word,
    LOWER: bytes.lower,
    "dashes": lambda word: b"-".join(word[at : at + 4] for at in range(0, len(word), 4)),
    "hex": _hex,
    "base64": base64.b64encode,
    "base64, shifted": lambda word: base64.urlsafe_b64encode(b"~" + word),
    "base64 in lines": _in_lines,
    "hex with colons": lambda word: word.hex(":").encode(),
    "list of octets": lambda word: b"[%s]" % b",".join(b"%d" % octet for octet in word),
    "percent": _percent,
    "escapes": _escaped,
    "html": lambda word: b"".join(b"&#%d;" % octet for octet in word),
    "hex in base64": lambda word: base64.b64encode(_hex(word)),
    "gzip in base64": lambda word: base64.b64encode(gzip.compress(word, mtime=0)),
    "base64 in percent": lambda word: _percent(base64.b64encode(word)),
}
"""How words are written that are put where they do not belong."""


def written(content: bytes, how: str) -> bytes:
    """A message with every canary in it written in one way."""
    return LOOKS_LIKE_A_CANARY.sub(lambda word: ENCODINGS[how](word[0]), content)


def replaced(content: bytes, word: bytes) -> bytes:
    """A message with another canary in the place of each of its own."""
    return LOOKS_LIKE_A_CANARY.sub(lambda _: word, content)


def split(content: bytes, names: Iterable[bytes]) -> tuple[bytes, bytes] | None:
    """A message as two, the first ending within a canary and the second going on with it.

    In JSON it is the string around the canary that is cut; it must be the value of one of
    these names, where a reader would look for text.  None where there is no such place.
    """
    stands_behind = _behind(names)
    for found in LOOKS_LIKE_A_CANARY.finditer(content):
        begin, end = _string_around(content, *found.span())
        if re.search(stands_behind + rb'"$', content[:begin]) is None:
            continue
        cut, blank = (found.start() + found.end()) // 2, b"-" * len(found[0])
        before = LOOKS_LIKE_A_CANARY.sub(blank, content[: found.start()])
        behind = LOOKS_LIKE_A_CANARY.sub(blank, content[found.end() :])
        alone = before + found[0] + behind  # as long as before: canaries are of one length
        return alone[:cut] + alone[end:], alone[:begin] + alone[cut:]
    return None


class Pieces:
    """Answers that come in pieces, of which none holds a canary whole.

    `names` are those under which a text stands in a message.
    """

    def __init__(self, names: Iterable[bytes]) -> None:
        self._text = re.compile(_behind(names) + rb'"((?:[^"\\]|\\.)*)"')
        self._tails: dict[int, bytes] = {}

    def whole(self, session: int, content: bytes) -> bytes:
        """A message of a session; with the canary whole for its text where one ends in it."""
        found = None if LOOKS_LIKE_A_CANARY.search(content) else self._text.search(content)
        if found is None:
            return content
        tail = self._tails.get(session, b"")
        self._tails[session] = (tail + found[1])[-_KEPT:]
        for word in LOOKS_LIKE_A_CANARY.finditer(tail + found[1]):
            if word.end() > len(tail):
                return content[: found.start(1)] + word[0] + content[found.end(1) :]
        return content


def _behind(names: Iterable[bytes]) -> bytes:
    """A pattern of what a text stands behind: its name, or that of the event it belongs to."""
    wanted = set(names)
    named = b"|".join(re.escape(name) for name in wanted - {ARGUMENT})
    ways = [rb'"(?:' + named + rb')"\s*:'] if named else []
    ways += [rb'\[\s*"(?:[^"\\]|\\.)*"\s*,'] if ARGUMENT in wanted else []
    return rb"(?:" + (b"|".join(ways) or rb"(?!)") + rb")\s*"


def _string_around(content: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the JSON string begins and ends that holds a stretch, without its quotes."""
    begin = content.rfind(b'"', 0, start)
    while begin > 0 and _is_escaped(content, begin):
        begin = content.rfind(b'"', 0, begin)
    close = content.find(b'"', end)
    while close > 0 and _is_escaped(content, close):
        close = content.find(b'"', close + 1)
    return begin + 1, len(content) if close < 0 else close


def _is_escaped(content: bytes, at: int) -> bool:
    """Whether an odd number of backslashes stands before a place."""
    before = content[:at]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1
