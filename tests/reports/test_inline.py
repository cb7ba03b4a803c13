from __future__ import annotations

from reports.inline import COLOURS, INK, inline

DRAWN = f"""<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg width="10pt" xmlns="http://www.w3.org/2000/svg">
 <defs><style type="text/css">*{{stroke-linejoin: round}}</style></defs>
 <path id="p1" clip-path="url(#c2)" style="fill: {INK}; stroke: none"/>
 <use xlink:href="#p1"/>
 <text style="font-size: 11px; font-family: 'DejaVu', serif; fill: {INK}">{INK} id="x"</text>
</svg>
"""


def test_colours_become_the_pages_variables_and_words_stay():
    """Only tags are changed: a target that writes a colour's number reads it again."""
    shown = inline(DRAWN, name="F1", says="x")
    expected = f'>{INK} id="x"</text>'
    assert expected in shown
    assert 'style="fill: var(--ink); stroke: none"' in shown
    assert "font-family" not in shown


def test_ids_are_the_figures_own():
    """Two figures on one page may not clip each other."""
    shown = inline(DRAWN, name="F1-wide", says="x")
    for part in ('id="F1-wide-p1"', "url(#F1-wide-c2)", 'xlink:href="#F1-wide-p1"'):
        assert part in shown


def test_nothing_of_the_document_around_it_is_left():
    """No prolog, no document type, no style sheet that would reach the page."""
    shown = inline(DRAWN, name="F1", says="x")
    assert shown.startswith("<svg role=")
    assert "<style" not in shown
    assert "DTD" not in shown


def test_what_it_says_is_escaped():
    r"""A description is the target's words too; a backslash in it is a backslash."""
    shown = inline(DRAWN, name="F1", says=r'"><script>\x1b\1 {0}')
    expected = r'<svg role="img" aria-label="&#34;&gt;&lt;script&gt;\x1b\1 {0}" '
    assert shown.startswith(expected)


def test_every_drawn_colour_has_a_variable():
    """No two colours share a number, or one of them would be lost."""
    assert len(COLOURS) == len(set(COLOURS.values()))
