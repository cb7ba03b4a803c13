from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reports import drawing
from reports.inline import COLOURS, HAIR, INK, PAPER, RECIPIENT
from reports.matrix import matrix
from tests.reports import samples
from tests.reports.samples import pair

PAIRS = [pair("ana", "ben", 402), pair("ana", "cleo", 20), pair("ben", "ana", 3)]


def texts(figure):
    """What is written, where and in which colour."""
    return {text.get_text(): text for text in figure.axes[0].texts}


def squares(figure):
    """How many cells of each colour and strength there are, the legend's apart."""
    told = {}
    for patch in figure.axes[0].patches:
        key = patch.get_facecolor(), patch.get_alpha()
        told[key] = told.get(key, 0) + len(patch.get_path().vertices) // 5
    return told


@pytest.mark.parametrize("width", [860, 336])
def test_a_number_stands_where_its_row_and_column_meet(width):
    """402 right of `ana` and under `ben`; names, numbers and what the axes are."""
    told = texts(matrix(PAIRS, width=width))
    assert {"whose", "reached whom", "ana", "ben", "cleo", "402", "20", "3"} <= set(told)
    columns = {
        text.get_text(): text.get_position()[0]
        for text in matrix(PAIRS, width=width).axes[0].texts
        if text.get_rotation() == 90
    }
    rows = {
        text.get_text(): text.get_position()[1]
        for text in matrix(PAIRS, width=width).axes[0].texts
        if text.get_ha() == "right"
    }
    for number, owner, recipient in (
        ("402", "ana", "ben"),
        ("20", "ana", "cleo"),
        ("3", "ben", "ana"),
    ):
        assert (columns[recipient], rows[owner]) == pytest.approx(told[number].get_position())


def test_the_strongest_cell_is_written_on_paper_the_others_in_ink():
    """So that each can be read, on light paper and on dark."""
    told = texts(matrix(PAIRS, width=860))
    assert [told[number].get_color() for number in ("402", "20", "3")] == [PAPER, INK, INK]


def test_every_cell_and_every_level_of_the_legend_is_drawn_once():
    """Three cells and four levels in one colour, two grey cells that are one's own."""
    by_colour = {}
    for (colour, strength), number in squares(matrix(PAIRS, width=860)).items():
        by_colour.setdefault(colour[:3], {})[strength] = number
    hair, recipient = ([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in (HAIR, RECIPIENT))
    assert by_colour[tuple(hair)] == {0.55: 2}
    assert by_colour[tuple(recipient)] == {0.12: 2, 0.3: 2, 0.52: 1, 1.0: 2}
    assert {"1–5", "6–21", "22–90", "91–402"} <= set(texts(matrix(PAIRS, width=860)))


def test_thirty_are_shown_on_a_screen_and_fewer_on_a_phone():
    """Who is left out is counted below."""
    pairs = samples.bleeding().pairs
    told = texts(matrix(pairs, width=860))
    assert "10 owners and 10 recipients with fewer are not shown" in told
    assert len([text for text in told if text.startswith("user-")]) == 30
    narrow = texts(matrix(pairs, width=336))
    assert "user-16" in narrow
    assert "user-31" not in told
    assert "user-20" not in narrow


def test_numbers_are_written_in_all_cells_or_in_none():
    """On a phone there is no room for them."""
    pairs = samples.bleeding(12).pairs
    assert "450" in texts(matrix(pairs, width=860))
    narrow = matrix(samples.bleeding(16).pairs, width=336)
    assert not [text for text in texts(narrow) if text.isdecimal()]


@pytest.mark.parametrize("width", [860, 336])
def test_nothing_reaches_beyond_the_picture(width):
    """Cells and names of thirty principals, and of names that never end."""
    for pairs in (samples.bleeding().pairs, [pair("n" * 400, "o" * 400, 2_000), pair("a", "b", 1)]):
        figure = matrix(pairs, width=width)
        FigureCanvasAgg(figure).draw()
        for text in figure.axes[0].texts:
            box = text.get_window_extent()
            assert box.x0 >= -1
            assert box.y0 >= -1
            assert box.x1 <= figure.bbox.x1 + 1
            assert box.y1 <= figure.bbox.y1 + 1


def test_one_pair_has_no_picture():
    """A sentence says it better."""
    assert matrix(PAIRS[:1], width=860) is None


def test_every_colour_has_its_variable_on_the_page():
    """Or the picture would not follow the reader's light or dark."""
    drawn = drawing.svg(matrix(PAIRS, width=860), salt="x")
    used = {part[:7] for part in drawn.split(": ") if part.startswith("#")}
    assert used <= set(COLOURS)
