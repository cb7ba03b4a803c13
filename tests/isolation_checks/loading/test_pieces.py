from __future__ import annotations

import pytest

from isolation_checks.loading import pieces
from isolation_checks.loading.run import records
from tests.isolation_checks.language import told, word

A1 = word("A1")
CUT = "b:q2,/delta,A1<9 {} b:q2,/delta,A1>9"


@pytest.mark.parametrize(
    ("between", "count"),
    [
        ("", 2),
        ("b:q2,/delta", 3),  # of the same answer, and of no word
        ("b:q3,/delta,'sorry", 2),  # of another answer
    ],
)
def test_as_many_pieces_as_the_word_needs(between, count):
    """The last holds its end; the text before it is cut where the word begins."""
    run = told(f"a?q1,A1 b?q2 b?q3 {CUT.format(between)}")
    last = records(run.frames, "index")[-1]
    held = pieces.of_a_word(run, last, A1)
    assert held is not None
    assert (count, True) == (held[0], A1 in held[1].upper())


def test_a_word_that_is_not_there_has_no_pieces():
    """The beginning alone is nobody's."""
    run = told("a?q1,A1 b?q2 b:q2,/delta,A1<9")
    last = records(run.frames, "index")[-1]
    assert None is pieces.of_a_word(run, last, A1)
