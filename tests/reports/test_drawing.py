from __future__ import annotations

import math
import sys
import xml.etree.ElementTree as ET

import pytest

from reports import drawing, passage, phases
from tests.reports import samples


def test_hostile_words_are_drawn_as_they_are():
    """Dollars start no formula, and the document stays well-formed."""
    finding = samples.shared_socket(
        witness=(samples.moment(1.0, "$\\frac{1}{$ <b>&]]>", "victim", "asked"),),
    )
    written = drawing.svg(passage.lanes(finding, width=860), salt="x")
    texts = [text.text for text in ET.fromstring(written).iter("{http://www.w3.org/2000/svg}text")]
    assert "$\\frac{1}{$ <b>&]]>" in texts


@pytest.mark.parametrize("salt", ["F1", "F2"])
def test_the_same_figure_gives_the_same_text(salt):
    """Ids come from the salt, and nothing tells the time of drawing."""
    written = [drawing.svg(phases.panels(samples.LATENCY)[0], salt=salt) for _ in range(2)]
    assert written[0] == written[1]
    assert "<metadata" not in written[0]
    assert "20" + "26" not in written[0]


def test_no_global_state_of_matplotlib_is_touched():
    """Figures are drawn without pyplot."""
    drawing.svg(phases.panels(samples.LATENCY)[0], salt="x")
    assert "matplotlib.pyplot" not in sys.modules


def test_a_name_too_long_is_cut_for_its_lane():
    """Wide letters take twice the room."""
    expected = "abc"
    assert expected == drawing.clip("abc", 100, 12)
    assert len(drawing.clip("a" * 500, 100, 12)) <= math.ceil(100 / 12 / 0.58)
    assert len(drawing.clip("東" * 500, 100, 12)) <= math.ceil(100 / 12)


def test_a_figure_as_png_has_two_pixels_for_one_and_the_same_bytes():
    """On paper, not transparent; nothing tells who drew it."""
    drawn = [drawing.png(phases.panels(samples.LATENCY)[0]) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith(b"\x89PNG")
    expected = [2 * side for side in phases.PANEL]
    assert expected == [int.from_bytes(drawn[0][at : at + 4]) for at in (16, 20)]
    assert b"Matplotlib" not in drawn[0]
