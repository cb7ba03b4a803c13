"""Two runs, compared, as data: what `crosstalk compare` renders."""

from __future__ import annotations

from typing import Literal

from isolation_checks.statistics.comparison import Change
from isolation_checks.verdicts.versioned import Data


class Line(Data, frozen=True, kw_only=True):
    """One indicator, compared."""

    name: str
    unit: Literal["s", "share", "per_s"]
    change: Change
    base: float | None
    now: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    p: float | None
    effect: float | None
    samples: tuple[int, int]
    why: str = ""


class Comparison(Data, frozen=True, kw_only=True):
    """Two runs, compared indicator by indicator."""

    base: str
    run: str
    margin: float
    change: Change
    """`worse` where any indicator is; `unclear` where any is, or where the loads differ."""
    lines: tuple[Line, ...]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 for a regression, 3 where nobody can say, else 0."""
        return {"worse": 1, "unclear": 3}.get(self.change, 0)
