"""The figures of the gallery: what stands in their axes."""

from __future__ import annotations

import pytest

from reports import drawing
from reports.gallery import BLEEDING, COURSES, HEAT, LOAD, MEETINGS, PLOTS, TIMELINE, WINDOWS
from tests.reports import samples

WIDTHS = (860, 336)


def words(figure):
    """Everything that is written in a figure."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def points(axes, marker):
    """Where the marks of one kind stand."""
    line = next(line for line in axes.lines if line.get_marker() == marker)
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_every_figure_says_what_it_means_and_what_to_do(plot):
    """One sentence each; and where there is nothing to draw, there is no picture."""
    for sentence in (plot.meaning, plot.todo):
        assert 1 == sentence.count(". ") + sentence.endswith(".")
    assert plot.draw(samples.unknown(), 860) is None
    full = {BLEEDING.name: samples.bleeding, WINDOWS.name: samples.slow}
    judgement = full.get(plot.name, samples.passing)()
    assert plot.says(judgement)
    for width in WIDTHS:
        drawn = plot.draw(judgement, width)
        assert width == pytest.approx(drawn.get_size_inches()[0] * drawing.UNIT)
        same = drawing.svg(plot.draw(judgement, width), salt="a")
        assert same == drawing.svg(drawn, salt="a")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_strips_show_the_slices(width):
    """Sessions, answers a second, p50 and p95 at the middle of each slice, new findings."""
    sessions, rates, took, found = TIMELINE.draw(samples.passing(), width).axes
    assert [5, 5, 10, 10, 20, 20] == list(sessions.lines[0].get_ydata())[:6]
    assert [4.0, 8.0, 15.0, 16.0, 15.0, 0.0] == list(rates.lines[0].get_ydata())[::2]
    assert [4.0, 8.0, 15.0, 9.0, 6.0, 0.0] == list(rates.lines[1].get_ydata())[::2]
    assert 1.2 == max(bar.get_height() for bar in rates.patches)
    assert [(5, 0.3), (15, 0.4), (25, 0.6), (35, 4.0), (45, 6.0)] == points(took, "o")
    assert (45, 12.0) == points(took, "D")[-1]
    assert [5.0, 5.0] == list(took.lines[-1].get_ydata())
    assert [0, 0, 0, 3, 0, 0] == [bar.get_height() for bar in found.patches]
    assert (0.0, 60.0) == found.get_xlim()


@pytest.mark.parametrize("width", WIDTHS)
def test_windows_stand_at_their_middle_with_their_bounds(width):
    """What was met, missed or cannot be told has a mark of its own; no finite value is on top."""
    (axes,) = WINDOWS.draw(samples.slow(), width).axes
    top = axes.get_ylim()[1]
    assert [(10, 1.31)] == points(axes, "o")
    assert [(50, top)] == points(axes, "D")
    bounds = [lines.get_segments()[0][:, 1].tolist() for lines in axes.collections]
    assert [[1.22, 1.4], [4.1, top], [7.913, top]] == bounds
    assert [5.0, 5.0] in [list(line.get_ydata()) for line in axes.lines]
    said = WINDOWS.says(samples.slow())
    assert "completion p95 ≤ 5 s: 1 PASS, 1 UNKNOWN, 1 FAIL" == said


@pytest.mark.parametrize("width", WIDTHS)
def test_a_label_of_a_course_is_never_written_beyond_its_bar_or_the_picture(width):
    """Where there is no room for it whole, its name makes way for its time."""
    steps = tuple(
        samples.Step(name=f"until tool_completed number {place}", from_s=at, to_s=at + 0.04)
        for place, at in enumerate((0.0, 0.04, 0.08, 0.12))
    )
    figure = COURSES.draw(samples.passing(courses=(samples.course("x", 0.16, steps=steps),)), width)
    figure.draw_without_rendering()
    for label in figure.axes[0].texts:
        box = label.get_window_extent()
        assert -1 <= box.x0
        assert box.x1 <= width * figure.dpi / drawing.UNIT + 1
        assert label.get_text().strip().endswith("s") or "x" in label.get_text()


def test_without_findings_or_answers_the_strips_say_so():
    """An empty strip is not taken for one that was forgotten."""
    calm = samples.changed(samples.slices(), slices=(samples.slices().slices[-1],))
    judgement = samples.passing(timeline=calm)
    assert {"none", "nothing was answered"} <= set(words(TIMELINE.draw(judgement, 860)))


def test_a_limit_far_above_is_told_instead_of_drawn():
    """The axis belongs to what was measured."""
    far = samples.changed(samples.slices(), limit_s=500.0)
    figure = TIMELINE.draw(samples.passing(timeline=far), 860)
    assert "limit 500 s, above" in words(figure)


def test_against_the_load():
    """All answers and good ones by sessions; with two levels of load there is no such picture."""
    rate, took = LOAD.draw(samples.passing(), 860).axes
    assert [(5, 4.0), (10, 8.0), (20, 15.0), (40, 16.0), (40, 15.0)] == points(rate, "o")
    assert (40, 6.0) == (rate.lines[1].get_xdata()[-1], rate.lines[1].get_ydata()[-1])
    assert (40, 12.0) == points(took, "D")[-1]
    steady = samples.changed(samples.slices(), slices=samples.slices().slices[3:])
    assert LOAD.draw(samples.passing(timeline=steady), 860) is None


@pytest.mark.parametrize("width", WIDTHS)
def test_the_map_has_a_cell_for_every_count(width):
    """As many squares as counts that are not zero, the unfinished ones above all others."""
    figure = HEAT.draw(samples.passing(), width)
    axes = figure.axes[0]
    squares = [corners.min(axis=0) for patch in axes.patches for corners in _squares(patch)]
    assert 9 + 2 == len(squares)
    assert [(40.0, 4.4), (50.0, 4.4)] == sorted(
        (float(x), round(float(y), 3)) for x, y in squares if y > 4
    )
    formatter = axes.yaxis.get_major_formatter()
    names = [formatter(at, place) for place, at in enumerate(axes.yaxis.get_majorticklocs())]
    assert ["0.1 s", "0.3 s", "1 s", "3 s", "10 s", "never"] == names
    assert 3.4 == pytest.approx(axes.lines[0].get_ydata()[0], abs=0.01)  # 5 s


def _squares(patch):
    vertices = patch.get_path().vertices
    return [vertices[at : at + 4] for at in range(0, len(vertices), 5)]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_course_has_a_bar_for_every_step(width):
    """Each begins where the one before ended, on one axis for all."""
    axes = COURSES.draw(samples.passing(), width).axes[0]
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert 8 == len(spans)
    assert (0.01, pytest.approx(10.92)) == spans[6]
    assert (0.0, 12.0) == axes.get_xlim()
    assert any(said.startswith("the slowest answer: 12.0") for said in words(axes.figure))


def test_what_never_met_is_said():
    """In its own cell, framed; the others show how often."""
    figure = MEETINGS.draw(samples.passing(), 860)
    assert 1 == words(figure).count("never")
    assert 9 == words(figure).count("40")
