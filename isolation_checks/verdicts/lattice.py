"""What a check, a part or a judgement says, and which of several says the most."""

from __future__ import annotations

import enum
from typing import Literal


class Verdict(enum.StrEnum):
    """What a check, a part or a whole judgement says.  FAIL over UNKNOWN over PASS."""

    PASS = "PASS"  # noqa: S105 - the word, no password
    UNKNOWN = "UNKNOWN"
    FAIL = "FAIL"
    NOT_ASKED = "NOT ASKED"

    @property
    def exit_code(self) -> int:
        """The exit code of a judgement that ends so: 0, 1 or 3.  Only PASS ends in 0."""
        return {Verdict.PASS: 0, Verdict.FAIL: 1}.get(self, 3)


def worst(verdicts: list[Verdict]) -> Verdict:
    """FAIL over UNKNOWN over PASS; NOT ASKED counts only when there is nothing else."""
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS):
        if verdict in verdicts:
            return verdict
    return Verdict.NOT_ASKED


Part = Literal["evidence", "isolation", "objectives"]
