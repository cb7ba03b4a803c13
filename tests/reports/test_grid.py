from __future__ import annotations

import pytest

from reports.grid import grid
from tests.reports.samples import pair


def test_the_most_affected_stand_first_in_both_directions():
    """By all that was theirs and by all that they got; names decide where that is equal."""
    placed = grid([pair("a", "b", 1), pair("c", "b", 5), pair("c", "d", 5), pair("a", "d", 1)], 9)
    expected = (("c", "a"), ("b", "d"))
    assert expected == (placed.owners, placed.recipients)
    expected = {(0, 0): 5, (0, 1): 5, (1, 0): 1, (1, 1): 1}
    assert expected == placed.times
    assert (placed.owners_left, placed.recipients_left) == (0, 0)


def test_channels_of_a_pair_are_one_cell():
    """Three frames and two rows are five."""
    placed = grid([pair("a", "b", 3), pair("a", "b", 2, "row"), pair("b", "a", 1)], 9)
    assert placed.times == {(0, 0): 5, (1, 1): 1}


def test_who_finds_no_place_is_counted():
    """Of ten owners two are shown; their one recipient is."""
    placed = grid([pair(f"o{number}", "r", number) for number in range(1, 11)], 2)
    assert placed.owners == ("o10", "o9")
    assert (placed.owners_left, placed.recipients_left) == (8, 0)
    assert placed.times == {(0, 0): 10, (1, 0): 9}


@pytest.mark.parametrize(
    "pairs", [[], [pair("a", "b", 9)], [pair("a", "b", 1), pair("a", "b", 2, "row")]]
)
def test_one_pair_is_no_matrix(pairs):
    """Nor is one pair on two channels."""
    assert grid(pairs, 9) is None


@pytest.mark.parametrize(
    ("expected", "most"),
    [((1,), 1), ((2,), 2), ((2, 3), 3), ((2, 3, 6, 9), 9), ((6, 32, 178, 1000), 1000)],
)
def test_levels_are_steps_of_equal_ratio(expected, most):
    """The last edge is the most there is, and every number has its level."""
    placed = grid([pair("a", "b", most), pair("b", "a", 1)], 9)
    assert expected == placed.edges
    assert placed.level(1) == 0
    assert placed.level(most) == len(expected) - 1
    levels = [placed.level(times) for times in range(1, most + 1)]
    assert levels == sorted(levels)
