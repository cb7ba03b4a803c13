from __future__ import annotations

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks.scanning import Scanner, word

OCTETS = st.binary(min_size=1, max_size=4).map(lambda some: bytes(o % 4 for o in some))


@given(st.lists(OCTETS, max_size=12), st.lists(OCTETS, max_size=12).map(b"".join))
def test_it_finds_every_word_at_every_place(words, content):
    """As a search for each of them by itself does; overlapping words, and the same twice, too."""
    by_themselves = {
        (number, at + len(each))
        for number, each in enumerate(words)
        for at in range(len(content))
        if content.startswith(each, at)
    }
    assert by_themselves == set(Scanner([word(each) for each in words]).hits(content))


@given(st.text(alphabet="aeyJ.%", max_size=40).map(str.encode))
def test_it_finds_what_a_pattern_finds(content):
    """An end of every match, of each begin."""
    hits = Scanner([rb"e(?:y|%)[aJ]{2}"]).hits(content)
    assert [m.end() for m in re.finditer(rb"(?=e(?:y|%)[aJ]{2})", content)] == [
        end - 4 for _, end in hits
    ]


def test_several_threads_may_scan_at_once():
    """The hub screens what is logged while a native thread screens frames."""
    scanner, content = Scanner([word(b"needle")]), b"hay " * 200_000 + b"needle"
    found = []

    def scan():
        found.extend(scanner.hits(content) for _ in range(20))

    threads = [threading.Thread(target=scan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[(0, len(content))]] * 80 == found


@pytest.mark.parametrize("content", [b"", b"anything"])
def test_nothing_is_found_where_nothing_is_looked_for(content):
    """No words, or no content, are no special case for whoever asks."""
    assert Scanner([]).hits(content) == []
    assert Scanner([b"x"]).hits(b"") == []
