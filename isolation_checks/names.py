"""Which of a platform's names for its users mean one user wherever they stand."""

from __future__ import annotations

SHORTEST, SHORTEST_NUMBER = 8, 12
"""A name shorter than this stands somewhere by chance, or means somebody else there.

Orders, days and telephones have numbers, too, and what is counted from the same number on meets.
"""


def unmistakable(name: str | None) -> bool:
    """Whether a name can only be its user's: it is long, and no mere word or short number."""
    if name is None or name.isalpha():
        return False
    return len(name) >= (SHORTEST_NUMBER if name.isdigit() else SHORTEST)
