"""The report on paper."""

from __future__ import annotations

import io
from functools import cache

import pytest
from pypdf import PdfReader

from reports import pdf
from tests.reports import samples


@cache
def paper(name):
    """The document of a sample, and its words."""
    content = pdf.render(samples.EVERY[name]())
    reader = PdfReader(io.BytesIO(content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    return content, reader, text.replace("\xa0", " ")


def test_it_says_what_the_page_says_verdict_first():
    """The same words and numbers, from the verdict to what was not asked."""
    _, _, text = paper("failing")
    order = [
        "FAIL",
        "isolation broken: 38 findings, one root",
        "What to do next",
        "F1 words that only ana-07 was given reached ben-12",
        f"[{samples.CANARY}]",
        "In brackets: ana-07's",
        "9,402 frames 37",
        "completion p95 ≤ 5 s: How long a user waits",
        "no two queries overlapped in the connect phase",
        "How the run went",
    ]
    place = 0
    for part in order:
        assert part in text[place:], part
        place = text.index(part, place) + len(part)


def test_every_figure_is_in_it():
    """The lanes of the root, the three phases, and six of the gallery."""
    _, reader, _ = paper("failing")
    assert 1 + 3 + 6 == sum(len(page.images) for page in reader.pages)


@pytest.mark.parametrize("name", ["failing", "unknown", "hostile"])
def test_the_same_judgement_gives_the_same_bytes(name):
    """Its date is that of the judgement."""
    content, reader, _ = paper(name)
    assert content == pdf.render(samples.EVERY[name]())
    assert 2026 == reader.metadata.creation_date.year


def test_hostile_words_do_nothing():
    """No script, no link, no action; the words stand there as words."""
    content, reader, text = paper("hostile")
    for action in (b"/JavaScript", b"/JS", b"/URI", b"/Launch", b"/Annots"):
        assert action not in content
    assert "<script>alert(1)</script>" in text
    assert all(page.get("/Annots") is None for page in reader.pages)
