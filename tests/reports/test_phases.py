from __future__ import annotations

import pytest

from reports import phases
from tests.reports import samples


def words(figure):
    """Everything that is written in a figure."""
    texts = [text for axes in figure.axes for text in axes.texts] + figure.texts
    return [text.get_text() for text in texts]


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


def test_a_curve_is_the_quantiles_of_its_phase():
    """The x data are the quantiles in seconds, the y data the shares from 0 to 1."""
    phase = samples.LATENCY[2]
    seconds, shares = curve(phases.panels((phase,))[0].axes[0])
    assert list(phase.quantiles_s) == seconds
    assert [place / 100 for place in range(101)] == pytest.approx(shares)


def test_a_curve_ends_where_queries_never_finished():
    """It reaches 87 %, the rest is shaded, and their number is written."""
    figure = phases.panels(samples.slow().latency)[2]
    axes = figure.axes[0]
    _, shares = curve(axes)
    assert shares[-1] == pytest.approx(0.87)
    assert axes.patches[0].get_bbox().intervaly.tolist() == pytest.approx([0.87, 1])
    assert "142 never finished" in words(figure)
    assert "n = 1,140" in words(figure)


def test_the_limit_is_a_line_and_the_share_that_has_to_meet_it_a_mark():
    """p95 within 5 s: a line at 5, a diamond at (5, 0.95); `every` asks for all."""
    connect, first, _ = phases.panels(samples.LATENCY)
    expected = ([5.0], [0.95])
    assert expected == diamond(first.axes[0])
    assert any(list(line.get_xdata()) == [5.0, 5.0] for line in first.axes[0].lines)
    expected = ([2.0], [1.0])
    assert expected == diamond(connect.axes[0])


def test_all_panels_share_one_axis_wide_enough_for_everything():
    """Phases can be compared by eye, limits included."""
    bounds = {figure.axes[0].get_xlim() for figure in phases.panels(samples.LATENCY)}
    assert len(bounds) == 1
    low, high = bounds.pop()
    assert low < 0.012
    assert high > 5.0


@pytest.mark.parametrize(("expected", "low_s"), [("log", 0.01), ("linear", 0.5), ("linear", 0.0)])
def test_the_axis_is_logarithmic_where_durations_differ_by_magnitudes(expected, low_s):
    """From twenty times on; never where something took no time at all."""
    axes = phases.panels((samples.distribution("connect", low_s, 2.0),))[0].axes[0]
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
    assert expected in words(phases.panels((phase,))[0])


def test_one_sample_is_drawn():
    """A distribution of one value has a curve of one point."""
    phase = samples.distribution("completion", 1, 2, samples=1, quantiles_s=(0.5,))
    expected = ([0.5], [0.0])
    assert expected == curve(phases.panels((phase,))[0].axes[0])
