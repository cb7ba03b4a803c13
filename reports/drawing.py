"""What all figures share: sizes, letters, quiet axes, and a figure as SVG or PNG.

Figures are drawn on `Figure` objects, so that there is no global state.
"""

from __future__ import annotations

import io
import unicodedata
import warnings
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.ticker import NullLocator

from reports.inline import HAIR, MUTED, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

UNIT = 72
"""Units of the drawing in an inch: one is a pixel of the page."""
TEXT, SMALL = 12.5, 11.0
STEPS = (1, 2, 5, 10)
"""Steps of an axis that a person counts in."""
MOST_TICKS = 5


def svg(figure: Figure, *, salt: str) -> str:
    """A figure as SVG: the same figure and salt give the same text.

    Letters stay letters, so that they can be found and are set in the page's font.
    """
    written = io.StringIO()
    bare = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph that the reader's fonts will have
        figure.savefig(written, format="svg", transparent=True, metadata=bare)
    return written.getvalue()


def png(figure: Figure) -> bytes:
    """A figure as PNG on the page's paper, two pixels for each of the page's."""
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph that the font lacks is a box
        look: dict[str, Any] = {"dpi": 2 * UNIT, "facecolor": PAPER, "metadata": {"Software": None}}
        figure.savefig(written, format="png", **look)
    return written.getvalue()


def bare(axes: Axes) -> None:
    """Only the time axis, quiet."""
    axes.patch.set_visible(False)
    axes.yaxis.set_major_locator(NullLocator())
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(HAIR)
    axes.tick_params(axis="x", color=HAIR, labelcolor=MUTED, labelsize=SMALL, length=4, pad=4)


def write(axes: Axes, place: tuple[float, float], words: str, **look: Any) -> Text:  # noqa: ANN401 - matplotlib's text properties
    """Words at a place of the data; a dollar in them is a dollar."""
    plain: dict[str, Any] = {"fontsize": SMALL, "va": "center_baseline", "zorder": 6}
    return axes.text(*place, words, parse_math=False, **(plain | look))


def clip(words: str, room: float, size: float) -> str:
    """Words that take at most about `room` units at this font size."""
    taken = 0.0
    for place, char in enumerate(words):
        taken += size * _breadth(char)
        if taken > room:
            return words[: place - 1].rstrip() + "…" if place > 1 else ""
    return words


def _breadth(char: str) -> float:
    """How wide a letter is, of its size, at most about."""
    if unicodedata.east_asian_width(char) in "WF":
        return 1.05
    return 1.0 if char in "WM@%\u2014" else 0.58
