"""Whoever follows a link arrives."""

from pathlib import Path

import pytest

from tests.docs import pages


def where(page: Path) -> str:
    return str(page.relative_to(pages.ROOT))


def anchors(page: Path) -> set[str]:
    return {pages.anchor(heading) for heading in pages.headings(pages.read(page))}


def there(page: Path, link: str) -> bool:
    """Whether a link leads to a file of the project, and to a heading of it."""
    name, _, heading = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    inside = target.exists() and pages.ROOT in (target, *target.parents)
    return inside and (not heading or heading in anchors(target))


@pytest.mark.parametrize("page", pages.pages(), ids=where)
def test_every_link_resolves(page):
    """A file that is there, and a heading that it has; addresses elsewhere are https."""
    local = ("https://", "http://127.0.0.1")
    links = pages.links(pages.read(page))
    wrong = [link for link in links if not (link.startswith(local) or there(page, link))]
    assert wrong == []


def test_every_page_can_be_come_to():
    """From the README, in as many steps as it takes."""
    seen, ahead = set(), [pages.README]
    while ahead:
        page = ahead.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in pages.links(pages.read(page)):
            target = (page.parent / link.partition("#")[0]).resolve()
            if "://" not in link and target.is_dir() and (target / "README.md").exists():
                target /= "README.md"
            if "://" not in link and target.suffix == ".md" and target.exists():
                ahead.append(target)
    assert [where(page) for page in pages.pages() if page not in seen] == []


def test_every_decision_is_listed():
    """With its number, in order, and its title as the page says it."""
    folder = pages.DOCS / "decisions"
    listed = pages.table(pages.read(folder / "README.md"))
    there = [page for page in sorted(folder.glob("*.md")) if page.name != "README.md"]
    assert [f"[{page.name[:4]}]({page.name})" for page in there] == [row[0] for row in listed]
    titles = [pages.headings(pages.read(page), 1)[0] for page in there]
    assert titles == [f"{row[0][1:5]} {row[1]}" for row in listed]


def test_a_decision_is_a_page_at_most():
    """Sixty lines, or fewer."""
    for page in (pages.DOCS / "decisions").glob("*.md"):
        assert len(pages.read(page).splitlines()) <= 60, page.name
