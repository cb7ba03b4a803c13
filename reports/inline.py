"""Makes a drawn SVG part of a page: the page's colours, ids of its own, words for the blind.

It knows nothing of judgements and of how a figure is drawn; only which colours stand for
which of the page's variables.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

COLOURS = {
    "#1b2430": "--ink",
    "#59636f": "--muted",
    "#cdd4db": "--hair",
    "#fffffe": "--paper",
    "#0b62a8": "--victim",
    "#bf4509": "--recipient",
    "#6b7078": "--other",
    "#0b6e69": "--curve",
    "#8a5a00": "--unfinished",
}
"""Colours as they are drawn, and the page's variables that replace them."""
INK, MUTED, HAIR, PAPER, VICTIM, RECIPIENT, OTHER, CURVE, UNFINISHED = COLOURS


def inline(svg: str, *, name: str, says: str) -> Markup:
    """An SVG document as a piece of a page that is light or dark.

    Args:
        svg: the document; text in it is escaped already.
        name: begins every id in it, so that two figures may share a page.
        says: what the picture shows, for those who do not see it.
    """
    svg = re.sub(r"<style.*?</style>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r"<[^<>]*>", lambda tag: _themed(tag[0], name), svg).removeprefix("<svg ")
    return Markup('<svg role="img" aria-label="{}" ').format(escape(says)) + Markup(svg)  # noqa: S704 - a figure of ours


def _themed(tag: str, name: str) -> str:
    """A tag whose colours are the page's, whose ids are this figure's, without fonts or width."""
    for drawn, variable in COLOURS.items():
        tag = tag.replace(drawn, f"var({variable})")
    tag = re.sub(r"font-family: [^;\"]*;? ?", "", tag)
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", tag)
