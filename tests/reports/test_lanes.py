from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks.verdicts.finding import Span
from reports.lanes import DOT, GUTTER, MARGIN, layout
from tests.reports import samples


def span(who, kind, from_s, to_s):
    """A span without a name."""
    return Span(who=who, kind=kind, label="", from_s=from_s, to_s=to_s)


def test_the_victim_stands_above_the_recipient_above_bystanders():
    """The order of lanes tells the story, whatever the order of the witness is."""
    witness = (
        samples.moment(1.0, "cleo", "other", "connected"),
        samples.moment(1.1, "ben-12", "recipient", "heard"),
        samples.moment(1.2, "ana-07", "victim", "asked"),
    )
    spans = (span("dan", "query", 0.0, 2.0), span("eve", "query", 7.0, 8.0))
    places = layout(samples.shared_socket(witness=witness, spans=spans), 800)
    expected = ["ana-07", "ben-12", "dan", "cleo"]
    assert expected == list(places.roles)
    assert sorted(places.tops.values()) == list(places.tops.values())


def test_the_window_is_the_witness_with_some_air():
    """Sessions that last longer do not stretch the picture."""
    places = layout(samples.shared_socket(), 800)
    expected = (4.175, 4.208)
    assert expected == pytest.approx((places.from_s, places.to_s))
    assert places.edge_s == places.to_s


def test_without_times_the_spans_give_the_window_and_without_both_there_is_no_picture():
    """A witness of rows alone still has the query that they belong to."""
    row = samples.moment(None, "ana-07", "victim", "row absent")
    spans = (span("ana-07", "query", 3.0, 4.0),)
    places = layout(samples.lost_row(witness=(row,), spans=spans), 800)
    expected = (2.88, 4.12)
    assert expected == pytest.approx((places.from_s, places.to_s))
    assert layout(samples.lost_row(witness=(row,), spans=()), 800) is None
    assert layout(samples.lost_row(witness=(), spans=()), 800) is None


def test_a_witness_of_one_instant_is_shown_within_the_queries_that_were_open_then():
    """A row that appeared while two queries ran shows how these two overlapped."""
    asked = samples.moment(5.0, "ana-07", "victim", "asked")
    row = samples.moment(None, "ben-12", "recipient", "owns the row")
    spans = (
        span("ana-07", "query", 5.0, 7.0),
        span("ben-12", "query", 4.0, None),
        span("ben-12", "query", 1.0, 3.0),
        span("ana-07", "session", 0.0, 60.0),
    )
    places = layout(samples.shared_socket(witness=(asked, row), spans=spans), 800)
    expected = (4.0 - 0.36, 7.0 + 0.36)
    assert expected == pytest.approx((places.from_s, places.to_s))


def test_moments_of_another_clock_stand_right_of_the_axis_in_their_order():
    """They have no time of ours, so they get a place beyond it and no second of the axis."""
    rows = tuple(samples.moment(None, "ana-07", "victim", f"row {n}") for n in range(2))
    places = layout(samples.lost_row(witness=(*samples.lost_row().witness[:2], *rows)), 800)
    third, fourth = places.marks[2][0], places.marks[3][0]
    assert places.to_s < third < fourth <= places.edge_s
    width = (places.edge_s - places.from_s) * places.second
    assert width == pytest.approx(800 - 2 * MARGIN)
    assert (places.edge_s - places.to_s) * places.second == pytest.approx(3 * GUTTER)


def test_marks_stand_at_their_time_where_there_is_room():
    """Three moments 12 ms apart in a window of 33 ms need no nudging."""
    places = layout(samples.shared_socket(), 800)
    expected = (4.180, 4.191, 4.203)
    assert expected == pytest.approx([at for at, _ in places.marks])


@given(st.lists(st.sampled_from([1.0, 1.0001, 1.5, 2.0]), min_size=1, max_size=8))
def test_marks_of_a_lane_never_lie_on_top_of_one_another(times):
    """Moments at the same instant are moved apart in their order and stay in the picture."""
    witness = tuple(samples.moment(at, "ana-07", "victim", "said") for at in times)
    places = layout(samples.shared_socket(witness=witness, spans=()), 600)
    marks = sorted(at * places.second for at, _ in places.marks)
    assert all(right - left >= DOT - 1e-3 for left, right in pairwise(marks))
    assert marks[-1] <= places.edge_s * places.second + 1e-3


def test_the_later_of_two_moments_is_the_one_that_moves():
    """The first of a crowd stays at its time."""
    witness = tuple(samples.moment(at, "ana-07", "victim", "said") for at in (1.0, 1.0, 3.0))
    marks = layout(samples.shared_socket(witness=witness, spans=()), 600).marks
    assert marks[0][0] == pytest.approx(1.0)
    assert marks[1][0] > 1.0
    assert marks[2][0] == pytest.approx(3.0)


def test_what_was_over_before_or_began_after_takes_no_room():
    """A span outside the window would be an empty row."""
    spans = (span("ana-07", "query", 1.0, 4.0), span("ana-07", "query", 4.5, None))
    expected = {"ana-07": [], "ben-12": []}
    assert expected == layout(samples.shared_socket(spans=spans), 800).rows


def test_spans_that_overlap_get_rows_of_their_own_and_sessions_come_first():
    """Two tabs are two rows; a query after another one shares its row."""
    spans = (
        span("ana-07", "query", 4.180, 4.185),
        span("ana-07", "query", 4.182, 4.190),
        span("ana-07", "query", 4.185, 4.200),
        span("ana-07", "session", 0.0, None),
        span("ana-07", "session", 0.5, 9.0),
    )
    rows = layout(samples.shared_socket(spans=spans), 800).rows["ana-07"]
    expected = [[0.0], [0.5], [4.180, 4.185], [4.182]]
    assert expected == [[span.from_s for span in row] for row in rows]


@pytest.mark.parametrize(
    ("expected", "roles_and_marks"),
    [
        ((0, 2), [("victim", True), ("recipient", False), ("recipient", True)]),
        ((1, 0), [("recipient", True), ("victim", True)]),
        ((1, 2), [("victim", False), ("victim", True), ("recipient", True)]),
        ((0, 3), [("victim", False), ("other", True), ("recipient", False), ("recipient", False)]),
        (None, [("victim", True), ("victim", True)]),
        (None, [("recipient", True)]),
    ],
)
def test_the_arrow_goes_from_where_words_were_given_to_where_they_arrived(
    expected, roles_and_marks
):
    """Marked moments come first; without a giver or a receiver there is no arrow."""
    witness = tuple(
        samples.moment(float(place), role, role, "did", "words", mark=(0, 5) if marked else None)
        for place, (role, marked) in enumerate(roles_and_marks)
    )
    finding = samples.shared_socket(witness=witness, victim="victim", recipient="recipient")
    assert expected == layout(finding, 800).arrow
