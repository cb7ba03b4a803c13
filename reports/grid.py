"""Which owners and recipients a bleed matrix shows, and how strong each cell is: pure arithmetic.

It may not draw anything.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from isolation_checks.verdicts.finding import Pair

LEVELS = 4
"""How many strengths a cell may have; more could not be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The matrix as numbers."""

    owners: Sequence[str]
    """A row each, most affected first."""
    recipients: Sequence[str]
    """A column each, most affected first."""
    times: Mapping[tuple[int, int], int]
    """How often it happened, by row and column, over all channels; cells without any are absent."""
    edges: Sequence[int]
    """The most that each level holds, weakest first; the last is the most of all cells."""
    owners_left: int
    recipients_left: int
    """How many there are besides that found no place."""

    def level(self, times: int) -> int:
        """Which level so many times belong to."""
        return next(place for place, edge in enumerate(self.edges) if times <= edge)


def grid(pairs: Iterable[Pair], most: int) -> Grid | None:
    """Place the most affected, at most so many in each direction.

    None where there are fewer than two pairs: a sentence says that better.
    """
    cells: Counter[tuple[str, str]] = Counter()
    for pair in pairs:
        cells[pair.owner, pair.recipient] += pair.times
    if len(cells) < 2:  # noqa: PLR2004 - two pairs
        return None
    owners, recipients = (_ordered(cells, side) for side in (0, 1))
    rows = {owner: place for place, owner in enumerate(owners[:most])}
    columns = {recipient: place for place, recipient in enumerate(recipients[:most])}
    times = {
        (rows[owner], columns[recipient]): number
        for (owner, recipient), number in cells.items()
        if owner in rows and recipient in columns
    }
    return Grid(
        owners=tuple(rows),
        recipients=tuple(columns),
        times=times,
        edges=_edges(max(times.values(), default=1)),
        owners_left=len(owners) - len(rows),
        recipients_left=len(recipients) - len(columns),
    )


def _ordered(cells: Mapping[tuple[str, str], int], side: int) -> list[str]:
    """All owners (0) or recipients (1), those with most first."""
    sums: Counter[str] = Counter()
    for pair, times in cells.items():
        sums[pair[side]] += times
    return sorted(sums, key=lambda who: (-sums[who], who))


def _edges(most: int) -> tuple[int, ...]:
    """Levels of equal ratio: between once and a thousand times lie steps, not a straight line."""
    parts = (math.ceil(most ** (level / LEVELS)) for level in range(1, LEVELS))
    return tuple(sorted({min(part, most) for part in parts} | {most}))
