"""Which of a platform's names for its users mean one user wherever they stand."""

from __future__ import annotations

SHORTEST = 8
"""A name shorter than this stands somewhere by chance, or means somebody else there."""


def unmistakable(name: str) -> bool:
    """Whether a name can only be its user's: it is long, and no mere word."""
    return len(name) >= SHORTEST and not name.isalpha()
