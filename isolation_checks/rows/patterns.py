"""Patterns of keys, such as `session:{owner}:*`: which keys they mean, and what stands in them.

It talks to no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

HOLES = ("owner", "conversation", "query")
"""What may stand in a pattern as a hole; `*` is anything else."""
_PART = re.compile(r"\{(?P<hole>[^{}]*)\}|(?P<any>\*)|(?P<literal>[^{}*]+|[{}])")
_SPECIAL = re.compile(r"([\\\[\]?^*])")


def holes(pattern: str) -> Iterator[str]:
    """The names of a pattern's holes."""
    for part in _PART.finditer(pattern):
        if part["hole"] is not None:
            yield part["hole"]


def glob(pattern: str) -> str:
    """What Redis is asked for: a little more, perhaps, than the pattern means."""
    return "".join(
        _SPECIAL.sub(r"\\\1", part["literal"]) if part["literal"] else "*"
        for part in _PART.finditer(pattern)
    )


class Patterns:
    """Several patterns, of which the first that fits a key says what stands in it."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [_compiled(pattern) for pattern in patterns]

    def read(self, key: str) -> Mapping[str, str] | None:
        """What stands in a key's holes; None where no pattern means the key."""
        for pattern in self._patterns:
            found = pattern.fullmatch(key)
            if found is not None:
                return found.groupdict()
        return None


def _compiled(pattern: str) -> re.Pattern[str]:
    """A hole ends where what follows it begins; it may be empty, which is no owner."""
    seen: set[str] = set()
    made = []
    for part in _PART.finditer(pattern):
        name = part["hole"]
        if part["literal"]:
            made.append(re.escape(part["literal"]))
        elif name is None:
            made.append(".*")
        elif name in seen:
            made.append(f"(?P={name})")
        else:
            seen.add(name)
            made.append(f"(?P<{name}>.*?)")
    return re.compile("".join(made), re.DOTALL)
