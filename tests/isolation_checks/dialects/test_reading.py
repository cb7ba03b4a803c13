from __future__ import annotations

from isolation_checks.dialects.reading import SILENT, Reading, cautiously


class Picky:
    """Somebody's own dialect, which does not take everything."""

    @staticmethod
    def read(frame):
        """A kind; rubbish raises."""
        return Reading(kind=frame.decode("ascii"))


def test_a_dialect_that_raises_says_nothing():
    """Whoever looks at a frame again, to show it, does not end a judgement by it."""
    assert "said" == cautiously(Picky(), b"said").kind
    assert cautiously(Picky(), b"\xff") is SILENT
