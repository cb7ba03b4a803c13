from __future__ import annotations

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.disarm import LONGEST, SAID, disarm, excerpt, visible
from tests.reports import samples

HARMFUL = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}


def strings(value):
    """Every string in a judgement, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from strings(item)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from strings(getattr(value, name))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("plain [red]words[/red]", "plain [red]words[/red]"),
        (r"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        (r"a\nb\tc\r\x00", "a\nb\tc\r\x00"),
        (r"\u202eesrever\u202c", "\u202eesrever\u202c"),
        (r"CX7\u200bQ2M\u200d8", "CX7\u200bQ2M\u200d8"),
        (r"\x9b31m", "\x9b31m"),
        (r"\ud800", "\ud800"),
        (r"tag\U000e0041", "tag\U000e0041"),
        ("東京 e\u0301 👩\u200d💻 سلام", "東京\u3000e\u0301 👩\u200d💻 سلام"),
        ("Z\u0316\u0316\u0316\u0316!", "Z" + "\u0316" * 50 + "!"),
    ],
)
def test_what_steers_becomes_visible_and_scripts_stay(expected, text):
    """Control and bidi characters are written as escapes; letters and emoji are left alone."""
    assert expected == visible(text)


@given(st.text())
def test_nothing_that_steers_is_left_of_any_text(text):
    """No control, unassigned or separating character remains; joiners only after non-ASCII."""
    shown = visible(text)
    assert HARMFUL.isdisjoint(unicodedata.category(char) for char in shown)
    assert shown == visible(shown)


@given(
    st.text(max_size=60), st.tuples(st.integers(-5, 70), st.integers(-5, 70)), st.integers(0, 70)
)
def test_an_excerpt_fits_and_keeps_the_mark(text, mark, room):
    """Never longer than its room; the mark is whole where there is room for it."""
    before, marked, after = excerpt(text, mark, room)
    assert len(before + marked + after) <= room
    start, end = sorted(min(max(place, 0), len(text)) for place in mark)
    if end - start <= room:
        assert text[start:end] == marked
    if len(text) <= room:
        assert text == before + marked + after


def test_an_excerpt_is_cut_between_words_around_its_mark():
    """Both sides get half of what is left, and a cut spares a word."""
    text = "one two three four CANARY five six seven eight"
    place = text.index("CANARY")
    expected = ("… four ", "CANARY", " five six …")
    assert expected == excerpt(text, (place, place + 6), 26)
    expected = ("… three four ", "CANARY", "")
    assert expected == excerpt(text[: place + 6], (place, place + 6), 20)
    expected = ("one two …", "", "")
    assert expected == excerpt(text, None, 11)


def test_every_string_of_a_judgement_is_made_safe():
    """No string of the hostile judgement keeps a harmful character or its whole length."""
    shown = list(strings(disarm(samples.hostile())))
    assert not [text for text in shown if not HARMFUL.isdisjoint(map(unicodedata.category, text))]
    assert not [text for text in shown if "\u202e" in text]
    assert max(map(len, shown)) <= SAID
    assert samples.passing().verdict is disarm(samples.passing()).verdict


def test_a_long_name_keeps_both_ends():
    """The middle makes way, so that two names that differ at the end still differ."""
    shown = disarm(samples.changed(samples.passing(), run="a" * 9_000 + "z")).run
    assert len(shown) <= LONGEST
    assert shown.startswith("a")
    assert shown.endswith("z")


def test_a_mark_points_at_the_same_words_after_escapes_were_put_before_it():
    """An escape is longer than what it stands for; the mark moves with it."""
    text = "\x1b\x1b before CANARY after \x1b"
    moment = samples.moment(1.0, "ben", "recipient", "said", text, mark="CANARY")
    finding = samples.shared_socket(witness=(moment,))
    shown = disarm(samples.failing(findings=(finding,))).findings[0].witness[0]
    assert shown.mark is not None
    expected = ("CANARY", r"\x1b\x1b before CANARY after \x1b")
    assert expected == (shown.text[slice(*shown.mark)], shown.text)


def test_a_harmless_judgement_stays_as_it_is():
    """Nothing is lost on the way."""
    assert samples.failing() == disarm(samples.failing())
