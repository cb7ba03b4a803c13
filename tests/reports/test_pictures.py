from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from reports import pictures
from tests.reports import samples


def test_every_figure_of_the_page_is_there_twice():
    """Lanes by finding, phases by number and name, and the matrix where there is one."""
    names = ["F1", "F2", "phase-1-connect", "phase-2-first-event", "phase-3-completion"]
    names += ["timeline", "load", "heat", "courses", "coverage", "resources"]
    expected = {f"{name}.{kind}" for name in names for kind in ("png", "svg")}
    assert expected == set(pictures.render(samples.failing()))
    pairs = (samples.pair("a", "b", 1), samples.pair("b", "a", 1))
    expected |= {"matrix.png", "matrix.svg"}
    assert expected == set(pictures.render(samples.failing(pairs=pairs)))


def test_they_are_what_their_names_say_and_the_same_every_time():
    """A PNG and a well-formed SVG."""
    drawn = pictures.render(samples.unknown())
    assert drawn == pictures.render(samples.unknown())
    for name, content in drawn.items():
        if name.endswith(".png"):
            assert content.startswith(b"\x89PNG")
        else:
            assert ET.fromstring(content).tag.endswith("svg")


@pytest.mark.parametrize("said", ["../../etc/passwd", "/etc/passwd", "a\\b", "..", "CON:\x00"])
def test_a_name_of_the_targets_leads_nowhere_else(said):
    """Only letters, digits and hyphens."""
    judgement = samples.changed(samples.unknown(), latency=(samples.distribution(said, 0.1, 1.0),))
    for name in pictures.render(judgement):
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzCON0123456789-.x")
        assert "/" not in name
        assert ".." not in name
