from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks import canary
from isolation_checks.canary import ALPHABET, BODY, PREFIX, Parts

KEY = bytes(range(32))
KEYS = st.binary(min_size=16, max_size=32)
PARTS = st.builds(
    Parts,
    run=st.integers(0, (1 << canary.RUN_BITS) - 1),
    owner=st.integers(0, (1 << canary.OWNER_BITS) - 1),
    serial=st.integers(0, (1 << canary.SERIAL_BITS) - 1),
)


@given(KEYS, PARTS)
def test_what_is_made_can_be_read(key, parts):
    """Every combination of run, owner and serial comes back whole."""
    assert canary.read(key, canary.make(key, parts)) == parts


@given(PARTS, st.lists(st.booleans(), min_size=22, max_size=22))
def test_case_does_not_matter(parts, lower):
    """A platform may change the case of any symbol."""
    word = canary.make(KEY, parts)
    changed = "".join(s.lower() if down else s for s, down in zip(word, lower, strict=True))
    assert canary.read(KEY, changed) == parts


@given(PARTS, st.integers(0, BODY - 1), st.sampled_from(ALPHABET))
def test_one_wrong_symbol_makes_it_garbage(parts, place, symbol):
    """A single corrupted symbol, wherever it stands, reads as no canary at all."""
    word = canary.make(KEY, parts)
    at = len(PREFIX) + place
    corrupted = word[:at] + symbol + word[at + 1 :]
    assert canary.read(KEY, corrupted) == (parts if symbol == word[at] else None)


def test_every_single_corruption_of_one_canary_is_garbage():
    """All 20 places with all 31 other symbols, without chance."""
    parts = Parts(run=7, owner=canary.OwnerNumber(3), serial=11)
    word = canary.make(KEY, parts)
    corrupted = {
        word[:at] + symbol + word[at + 1 :]
        for at in range(len(PREFIX), len(word))
        for symbol in ALPHABET
    } - {word}
    assert len(corrupted) == 20 * 31
    assert [w for w in corrupted if canary.read(KEY, w) is not None] == []


@given(st.text(alphabet=ALPHABET, min_size=BODY, max_size=BODY))
def test_an_invented_word_of_the_form_is_garbage(body):
    """Chance does not make canaries: 42 bits of check stand against it."""
    assert canary.read(KEY, PREFIX + body) is None


@given(st.text())
def test_any_text_can_be_asked_about(text):
    """Reading never raises, and random text is never a canary."""
    assert canary.read(KEY, text) is None


@pytest.mark.parametrize(
    "word", ["", "CX", "cx\u017f" + "0" * 19, "CXßß", "CX" + "\u212a" * 20, "CY" + "0" * 20]
)
def test_look_alikes_of_other_alphabets_are_garbage(word):
    """Symbols that change length or identity with their case raise nothing."""
    assert canary.read(KEY, word) is None


@given(PARTS, KEYS)
def test_another_installations_canaries_are_garbage(parts, key):
    """The key belongs to the installation: without it nothing can be read."""
    word = canary.make(KEY, parts)
    assert canary.read(key, word) == (parts if key == KEY else None)


@given(PARTS)
def test_every_canary_has_the_form_that_is_looked_for(parts):
    """The pattern finds it in the middle of other text, in either case."""
    word = canary.make(KEY, parts)
    for written in (word, word.lower()):
        found = canary.PATTERN.search(f"see {written}, please".encode())
        assert found is not None
        assert written.encode() == found[0]
    assert re.fullmatch(f"{PREFIX}[{ALPHABET}]{{{BODY}}}", word)


@pytest.mark.parametrize(
    "parts",
    [
        {"run": 1 << 16, "owner": 0, "serial": 0},
        {"run": 0, "owner": 1 << 22, "serial": 0},
        {"run": 0, "owner": 0, "serial": 1 << 20},
        {"run": -1, "owner": 0, "serial": 0},
    ],
)
def test_parts_that_do_not_fit_are_refused(parts):
    """A number too large is an error, never another principal's canary."""
    with pytest.raises(ValueError, match="does not fit"):
        canary.make(KEY, Parts(**parts))


def test_a_run_is_named_by_the_same_number_everywhere():
    """Every process derives it from the run's name alone."""
    assert canary.run_number("1122-0941-k3v") == canary.run_number("1122-0941-k3v")
    assert 0 <= canary.run_number("x") < 1 << 16
    assert canary.run_number("x") != canary.run_number("y")
