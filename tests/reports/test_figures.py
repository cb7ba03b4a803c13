from __future__ import annotations

import math
import sys
import xml.etree.ElementTree as ET

import pytest

from reports import figures
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


def curve(axes):
    """The seconds and the shares of a panel's curve."""
    line = next(line for line in axes.lines if line.get_drawstyle() == "steps-post")
    return list(line.get_xdata()), list(line.get_ydata())


def diamond(axes):
    """The seconds and the share of the mark on a panel's limit."""
    line = next(line for line in axes.lines if line.get_marker() == "D")
    return list(line.get_xdata()), list(line.get_ydata())


@pytest.mark.parametrize("width", [860, 336])
def test_moments_stand_at_their_seconds_on_both_widths(width):
    """The marks are at 4.180, 4.191 and 4.203 s, numbered in the order of the witness."""
    axes = figures.lanes(samples.shared_socket(), width=width).axes[0]
    expected = [4.180, 4.191, 4.203]
    assert expected == pytest.approx(marks(axes))
    assert {"1", "2", "3", "ana-07", "ben-12", "victim", "recipient"} <= set(words(axes.figure))


def test_the_arrow_leads_from_giving_to_arriving():
    """From moment 1 in the victim's lane down to moment 3 in the recipient's."""
    axes = figures.lanes(samples.shared_socket(), width=860).axes[0]
    arrow = next(text for text in axes.texts if getattr(text, "arrow_patch", None))
    assert arrow.xyann[0] == pytest.approx(4.180)
    assert arrow.xy[0] == pytest.approx(4.203)
    assert arrow.xyann[1] < arrow.xy[1]
    axes = figures.lanes(samples.lost_row(), width=860).axes[0]
    assert not [text for text in axes.texts if getattr(text, "arrow_patch", None)]


def test_spans_are_cut_to_the_window_and_say_that_they_go_on():
    """Session 7 began long before and query 212 ends after: both run to the edge."""
    figure = figures.lanes(samples.shared_socket(), width=860)
    axes = figure.axes[0]
    left, right = axes.get_xlim()
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    expected = [(left, right), (4.180, right), (4.191, right)]
    assert expected == [pytest.approx(bar) for bar in bars]
    assert {"\u2039 session 7", "query 212", "session 31", "\u203a"} <= set(words(figure))


def test_a_row_stands_right_of_the_axis():
    """A moment without a time of ours is drawn where no tick is."""
    figure = figures.lanes(samples.lost_row(), width=860)
    axes = figure.axes[0]
    assert marks(axes)[:2] == pytest.approx([9.1, 9.84])
    assert marks(axes)[2] > max(axes.xaxis.get_majorticklocs())
    assert "rows" in words(figure)


def test_the_time_axis_counts_in_steps_of_a_person():
    """Labels are in seconds, equally far apart and no two alike."""
    axes = figures.lanes(samples.shared_socket(), width=860).axes[0]
    expected = ["4.18 s", "4.19 s", "4.20 s"]
    assert expected == labels(axes.xaxis)
    short = samples.shared_socket(witness=samples.shared_socket().witness[:1])
    shown = labels(figures.lanes(short, width=860).axes[0].xaxis)
    assert len(set(shown)) == len(shown) >= 3


def test_a_finding_without_a_time_has_no_picture():
    """There is nothing to draw; the table says it all."""
    assert figures.lanes(samples.lost_row(witness=(), spans=()), width=860) is None


def test_a_curve_is_the_quantiles_of_its_phase():
    """The x data are the quantiles in seconds, the y data the shares from 0 to 1."""
    phase = samples.LATENCY[2]
    seconds, shares = curve(figures.phases((phase,))[0].axes[0])
    assert list(phase.quantiles_s) == seconds
    assert [place / 100 for place in range(101)] == pytest.approx(shares)


def test_a_curve_ends_where_queries_never_finished():
    """It reaches 87 %, the rest is shaded, and their number is written."""
    figure = figures.phases(samples.slow().latency)[2]
    axes = figure.axes[0]
    _, shares = curve(axes)
    assert shares[-1] == pytest.approx(0.87)
    assert axes.patches[0].get_bbox().intervaly.tolist() == pytest.approx([0.87, 1])
    assert "142 never finished" in words(figure)
    assert "n = 1,140" in words(figure)


def test_the_limit_is_a_line_and_the_share_that_has_to_meet_it_a_mark():
    """p95 within 5 s: a line at 5, a diamond at (5, 0.95); `every` asks for all."""
    connect, first, _ = figures.phases(samples.LATENCY)
    expected = ([5.0], [0.95])
    assert expected == diamond(first.axes[0])
    assert any(list(line.get_xdata()) == [5.0, 5.0] for line in first.axes[0].lines)
    expected = ([2.0], [1.0])
    assert expected == diamond(connect.axes[0])


def test_all_panels_share_one_axis_wide_enough_for_everything():
    """Phases can be compared by eye, limits included."""
    bounds = {figure.axes[0].get_xlim() for figure in figures.phases(samples.LATENCY)}
    assert len(bounds) == 1
    low, high = bounds.pop()
    assert low < 0.012
    assert high > 5.0


@pytest.mark.parametrize(("expected", "low_s"), [("log", 0.01), ("linear", 0.5), ("linear", 0.0)])
def test_the_axis_is_logarithmic_where_durations_differ_by_magnitudes(expected, low_s):
    """From twenty times on; never where something took no time at all."""
    axes = figures.phases((samples.distribution("connect", low_s, 2.0),))[0].axes[0]
    assert expected == axes.get_xscale()
    shown = labels(axes.xaxis)
    assert 2 <= len(shown) <= 5
    assert all(label.endswith(" s") for label in shown)


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("nothing measured", {"samples": 0, "quantiles_s": ()}),
        ("none finished", {"samples": 9, "censored": 9, "quantiles_s": (None,) * 101}),
    ],
)
def test_a_phase_without_a_curve_says_why(expected, fields):
    """An empty panel is no good news."""
    phase = samples.distribution("completion", 1, 2, **fields)
    assert expected in words(figures.phases((phase,))[0])


def test_one_sample_is_drawn():
    """A distribution of one value has a curve of one point."""
    phase = samples.distribution("completion", 1, 2, samples=1, quantiles_s=(0.5,))
    expected = ([0.5], [0.0])
    assert expected == curve(figures.phases((phase,))[0].axes[0])


def test_hostile_words_are_drawn_as_they_are():
    """Dollars start no formula, and the document stays well-formed."""
    finding = samples.shared_socket(
        witness=(samples.moment(1.0, "$\\frac{1}{$ <b>&]]>", "victim", "asked"),),
    )
    written = figures.svg(figures.lanes(finding, width=860), salt="x")
    texts = [text.text for text in ET.fromstring(written).iter("{http://www.w3.org/2000/svg}text")]
    assert "$\\frac{1}{$ <b>&]]>" in texts


@pytest.mark.parametrize("salt", ["F1", "F2"])
def test_the_same_figure_gives_the_same_text(salt):
    """Ids come from the salt, and nothing tells the time of drawing."""
    written = [figures.svg(figures.phases(samples.LATENCY)[0], salt=salt) for _ in range(2)]
    assert written[0] == written[1]
    assert "<metadata" not in written[0]
    assert "20" + "26" not in written[0]


def test_no_global_state_of_matplotlib_is_touched():
    """Figures are drawn without pyplot."""
    figures.svg(figures.phases(samples.LATENCY)[0], salt="x")
    assert "matplotlib.pyplot" not in sys.modules


def test_a_name_too_long_is_cut_for_its_lane():
    """Wide letters take twice the room."""
    expected = "abc"
    assert expected == figures.clip("abc", 100, 12)
    assert len(figures.clip("a" * 500, 100, 12)) <= math.ceil(100 / 12 / 0.58)
    assert len(figures.clip("東" * 500, 100, 12)) <= math.ceil(100 / 12)


def test_a_figure_as_png_has_two_pixels_for_one_and_the_same_bytes():
    """On paper, not transparent; nothing tells who drew it."""
    drawn = [figures.png(figures.phases(samples.LATENCY)[0]) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith(b"\x89PNG")
    expected = [2 * side for side in figures.PANEL]
    assert expected == [int.from_bytes(drawn[0][at : at + 4]) for at in (16, 20)]
    assert b"Matplotlib" not in drawn[0]
