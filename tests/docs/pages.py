"""The pages of the documentation, taken apart: headings, links, tables, fenced code."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w*)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """Every page that a reader can come to."""
    first = [README, ROOT / "CHANGELOG.md", ROOT / "docker" / "reference" / "README.md"]
    return [*first, *sorted(DOCS.rglob("*.md"))]


def read(page: Path | str) -> str:
    """A page's text; a name is that of a page in docs."""
    return (DOCS / page if isinstance(page, str) else page).read_text("utf-8")


def fenced(text: str, kind: str) -> list[str]:
    """The code of every fence of a kind."""
    found = (match for match in _FENCE.finditer(text) if match["kind"] == kind)
    return [textwrap.dedent(match["code"]) for match in found]


def prose(text: str) -> str:
    """A page without its fences and its comments."""
    return re.sub(r"<!--.*?-->", "", _FENCE.sub("", text), flags=re.DOTALL)


def links(text: str) -> list[str]:
    """Where a page leads."""
    return _LINK.findall(prose(text))


def headings(text: str, level: int | None = None) -> list[str]:
    """The headings of a page, of one level or of all."""
    hashes = "#" * level if level else "#{1,6}"
    return re.findall(rf"^{hashes} (.+)$", prose(text), re.MULTILINE)


def anchor(heading: str) -> str:
    """Where a heading can be linked to."""
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", bare.lower()).replace(" ", "-")


def section(text: str, heading: str) -> str:
    """What stands below a heading, down to the next one of its level or above."""
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"no heading {heading!r}"
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def table(text: str) -> list[list[str]]:
    """The cells of the first table in a text, without its head."""
    rows: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
        elif rows:
            break
    return [[cell.strip(" |") for cell in row] for row in rows[2:]]


def names(cell: str) -> list[str]:
    """Everything in backticks."""
    return re.findall(r"`([^`]+)`", cell)
