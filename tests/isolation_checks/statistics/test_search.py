from __future__ import annotations

import pytest

from isolation_checks.statistics.search import Search


def searched(truth, first=1, most=1000, precision=0.05):
    """Every load that is asked for, of a platform that bears so many, and what was confirmed."""
    search = Search(first, most, precision)
    asked = []
    while search.asked is not None and len(asked) < 50:
        asked.append(search.asked)
        search.told("borne" if search.asked.load <= truth else "breached")
    return asked, search.confirmed


@pytest.mark.parametrize("truth", [1, 2, 3, 7, 60, 100, 517, 999])
def test_what_is_borne_is_found(truth):
    """Within the precision, never above it, in a dozen steps or two, and confirmed."""
    asked, found = searched(truth)
    assert truth * 0.95 - 1 <= found <= truth
    assert len(asked) <= 20
    assert [True] == [each.confirms for each in asked[-1:]]


def test_it_doubles_and_then_halves():
    asked, _ = searched(10, precision=0.01)
    assert [1, 2, 4, 8, 16, 12, 10, 11, 10] == [each.load for each in asked]


def test_it_never_asks_for_more_than_it_may():
    """And confirms what it may."""
    asked, found = searched(5000, most=100)
    assert (100, 100) == (max(each.load for each in asked), found)


def test_a_platform_that_bears_nothing_has_no_capacity():
    asked, found = searched(0, first=8)
    assert ([8, 4, 2, 1], None) == ([each.load for each in asked], found)


def test_what_does_not_stand_confirmation_is_given_up():
    """A lucky step is not the answer: the search goes on below it."""
    search = Search(4, 100, 0.2)
    asked = []
    while search.asked is not None:
        asked.append(search.asked)
        lucky = search.asked.load == 9 and not search.asked.confirms
        search.told("borne" if search.asked.load <= 8 or lucky else "breached")
    assert 8 == search.confirmed
    assert [(9, True), (8, True)] == [(e.load, e.confirms) for e in asked if e.confirms]


def test_what_is_unclear_is_not_borne():
    """Too few samples are no reason to go higher."""
    search = Search(4, 100)
    search.told("unclear")
    assert 2 == search.asked.load
