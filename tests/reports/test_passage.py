from __future__ import annotations

import pytest

from reports import passage
from tests.reports import samples


def words(figure):
    """Everything that is written in a figure."""
    texts = [text for axes in figure.axes for text in axes.texts] + figure.texts
    return [text.get_text() for text in texts]


def marks(axes):
    """Where the marks of the moments stand on the axis of seconds."""
    return [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]


def labels(axis):
    """The labels of the ticks."""
    return [axis.get_major_formatter()(at, 0) for at in axis.get_majorticklocs()]


@pytest.mark.parametrize("width", [860, 336])
def test_moments_stand_at_their_seconds_on_both_widths(width):
    """The marks are at 4.180, 4.191 and 4.203 s, numbered in the order of the witness."""
    axes = passage.lanes(samples.shared_socket(), width=width).axes[0]
    expected = [4.180, 4.191, 4.203]
    assert expected == pytest.approx(marks(axes))
    assert {"1", "2", "3", "ana-07", "ben-12", "victim", "recipient"} <= set(words(axes.figure))


def test_the_arrow_leads_from_giving_to_arriving():
    """From moment 1 in the victim's lane down to moment 3 in the recipient's."""
    axes = passage.lanes(samples.shared_socket(), width=860).axes[0]
    arrow = next(text for text in axes.texts if getattr(text, "arrow_patch", None))
    assert arrow.xyann[0] == pytest.approx(4.180)
    assert arrow.xy[0] == pytest.approx(4.203)
    assert arrow.xyann[1] < arrow.xy[1]
    axes = passage.lanes(samples.lost_row(), width=860).axes[0]
    assert not [text for text in axes.texts if getattr(text, "arrow_patch", None)]


def test_spans_are_cut_to_the_window_and_say_that_they_go_on():
    """Session 7 began long before and query 212 ends after: both run to the edge."""
    figure = passage.lanes(samples.shared_socket(), width=860)
    axes = figure.axes[0]
    left, right = axes.get_xlim()
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    expected = [(left, right), (4.180, right), (4.191, right)]
    assert expected == [pytest.approx(bar) for bar in bars]
    assert {"\u2039 session 7", "query 212", "session 31", "\u203a"} <= set(words(figure))


def test_a_row_stands_right_of_the_axis():
    """A moment without a time of ours is drawn where no tick is."""
    figure = passage.lanes(samples.lost_row(), width=860)
    axes = figure.axes[0]
    assert marks(axes)[:2] == pytest.approx([9.1, 9.84])
    assert marks(axes)[2] > max(axes.xaxis.get_majorticklocs())
    assert "rows" in words(figure)


def test_the_time_axis_counts_in_steps_of_a_person():
    """Labels are in seconds, equally far apart and no two alike."""
    axes = passage.lanes(samples.shared_socket(), width=860).axes[0]
    expected = ["4.18 s", "4.19 s", "4.20 s"]
    assert expected == labels(axes.xaxis)
    short = samples.shared_socket(witness=samples.shared_socket().witness[:1])
    shown = labels(passage.lanes(short, width=860).axes[0].xaxis)
    assert len(set(shown)) == len(shown) >= 3


def test_a_finding_without_a_time_has_no_picture():
    """There is nothing to draw; the table says it all."""
    assert passage.lanes(samples.lost_row(witness=(), spans=()), width=860) is None
