from __future__ import annotations

import base64
import gzip
import json
import urllib.parse
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isolation_checks import canary
from isolation_checks.canary import OwnerNumber, Parts
from isolation_checks.loading import words

KEY = b"k" * 32
WORD = canary.make(KEY, Parts(run=5, owner=OwnerNumber(2), serial=9))


def escaped(text):
    """Every character as JSON may escape it."""
    return "".join(f"\\u{ord(symbol):04x}" for symbol in text)


def entities(text):
    """Every character as HTML may write it."""
    return "".join(f"&#{ord(symbol)};" for symbol in text)


def percent(text):
    return "".join(f"%{octet:02X}" for octet in text.encode())


def shifted(encode, before):
    """Base64 of text behind something else of this length, as in a longer token."""
    return lambda text: encode(b"\xfb" * before + text.encode() + b"\xff\xfe").decode()


ENCODINGS = {
    "escapes": escaped,
    "percent": percent,
    "html": entities,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    **{f"base64 at {n}": shifted(base64.b64encode, n) for n in range(3)},
    **{f"base64url at {n}": shifted(base64.urlsafe_b64encode, n) for n in range(3)},
}


def wrapped(width, between, before=60, whole=base64.b64encode):
    """Base64, or hex, of a longer text, in lines of so many symbols."""

    def lines(text):
        symbols = whole(b"~" * before + text.encode() + b"~" * 90).decode()
        return between.join(symbols[at : at + width] for at in range(0, len(symbols), width))

    return lines


def hexed(octets):
    return octets.hex().encode()


def signs_between(between, most=1, before=""):
    """Hex in groups of so many octets."""

    def spelt(text):
        digits = text.encode().hex()
        return between.join(
            before + digits[at : at + 2 * most] for at in range(0, len(digits), 2 * most)
        )

    return spelt


APART = {
    **{
        f"base64, {width} a line, behind {before}, {between!r}": wrapped(width, between, before)
        for width in (60, 64, 76)
        for between in ("\n", "\r\n", "\\n", "\\r\\n", "\n    ")
        for before in (29, 40, 45, 50)
    },
    "hex, 32 a line": wrapped(32, "\n", 10, hexed),
    "hex, 32 a line, escaped": wrapped(32, "\\n", 10, hexed),
    "hex, colons": signs_between(":"),
    "hex, dashes": signs_between("-"),
    "hex dump": signs_between(" ", 2),
    "hex, a list of Go's": signs_between(", ", 1, "0x"),
    "Buffer": lambda text: json.dumps({"type": "Buffer", "data": list(text.encode())}),
    "octets": lambda text: json.dumps(list(text.encode()), separators=(",", ":")),
    "octets, a line each": lambda text: json.dumps(list(text.encode()), indent=2),
    "octets with signs": lambda text: str([256 - 200, -61, -68, *text.encode(), -1, 300]),
    "typed array": lambda text: json.dumps(dict(enumerate(text.encode()))),
    "typed array in JSON": lambda text: json.dumps(json.dumps(dict(enumerate(text.encode())))),
}
COMPRESSED = {
    "gzip": lambda octets: gzip.compress(octets, mtime=0),
    "zlib": zlib.compress,
    "zlib, least": lambda o: zlib.compress(o, 1),
}
PROSE = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="%&\\"), max_size=40)


def read(text, depth=words.DEPTH):
    """The canaries of our key in a text."""
    return {
        word.word.upper()
        for word in words.everywhere(text, depth)
        if canary.read(KEY, word.word) is not None
    }


def spot(text):
    """The stretch of a text in which the canary was found first."""
    found = next(w for w in words.everywhere(text) if canary.read(KEY, w.word) is not None)
    return text[found.start : found.end]


@pytest.mark.parametrize("written", [str, escaped, shifted(base64.b64encode, 1)])
@pytest.mark.parametrize("packed", COMPRESSED)
def test_a_compressed_canary_is_found(packed, written):
    """In a binary message, and in base64 within another text; encoded once more inside."""
    octets = COMPRESSED[packed](f"before {written(WORD)} behind".encode())
    (found,) = {w.word for w in words.within(octets, stretch=False) if canary.read(KEY, w.word)}
    assert found == WORD
    if written is str:
        encoded = base64.b64encode(octets).decode()
        assert {WORD} == read(f'{{"debug": "{encoded}"}}')


@pytest.mark.parametrize(
    "before", ["payload ", "a longer word of the platform's own\n", "x" * 30 + " "]
)
@pytest.mark.parametrize("encoded", [base64.b64encode, bytes.hex])
@pytest.mark.parametrize("packed", COMPRESSED)
def test_a_compressed_canary_is_found_behind_a_word(packed, encoded, before):
    """What stands before an encoded stretch, a blank away, may belong to it, and may not."""
    octets = encoded(COMPRESSED[packed](f"before {WORD} behind".encode()))
    text = octets if isinstance(octets, str) else octets.decode()
    assert {WORD} == read(f'{{"debug": "{before}{text}"}}')


@pytest.mark.parametrize(
    "octets",
    [
        b"\x1f\x8b\x08",
        b"\x1f\x8b\x08" * 100,
        gzip.compress(b"x" * 99, mtime=0)[:20],
        b"x\x9cyz",
        b"x^2",
    ],
)
def test_what_only_begins_like_something_compressed_is_read_as_it_is(octets):
    """Nothing raises, and what stands beside it is found."""
    assert [WORD] == [w.word for w in words.within(octets + WORD.encode(), stretch=False)]


def test_little_that_unpacks_to_very_much_is_unpacked_in_part():
    """A message of a few kilobytes must not fill the memory."""
    bomb = gzip.compress(b"\0" * (64 << 20))
    ((part),) = words._unpacked(bomb.decode("latin-1"))
    assert len(part.plain) == words._MOST


@given(PROSE, PROSE)
def test_a_canary_is_found_in_any_prose(before, after):
    """Whatever stands around it, letters and digits included."""
    assert {WORD} <= read(before + WORD + after)


@pytest.mark.parametrize(
    "written",
    [
        WORD.lower(),
        WORD.swapcase(),
        "-".join(WORD[at : at + 4] for at in range(0, 22, 4)),
        " ".join(WORD),
        "**" + "_".join(WORD) + "**",
        "\u200b".join(WORD),
        ",\n ".join((WORD[:9], WORD[9:])),
    ],
)
def test_case_and_separators_do_not_hide_it(written):
    """Up to three signs between any two symbols, as Markdown, wrapping or spelling leave them."""
    assert read(f"(see {written}.)") == {WORD}


@pytest.mark.parametrize("name", ENCODINGS)
def test_one_encoding_does_not_hide_it(name):
    """Neither alone nor inside of other text, and the place is that of the encoded stretch."""
    encoded = ENCODINGS[name](WORD)
    text = f'{{"debug": "{encoded}", "x": "ü"}}'
    assert read(text) == {WORD}
    assert spot(text) in encoded
    assert len(spot(text)) > len(WORD)


@pytest.mark.parametrize("name", APART)
def test_an_encoding_in_lines_in_groups_or_in_a_list_does_not_hide_it(name):
    """Nor do two of them, one in the other; a fast look sees them, and the place is theirs."""
    written = APART[name](WORD)
    text = f'{{"debug": "{written}", "x": "ü"}}'
    content = text.encode()
    assert {WORD} == read(text)
    [stretch] = words.stretched([content])
    assert {WORD} <= {w.word.upper() for w in words.within(content, stretch=stretch)}
    assert spot(text) in written
    assert 44 <= len(spot(text)) or "base64" in name
    for outer in ("base64 at 1", "hex", "percent"):
        assert {WORD} == read(f"see {ENCODINGS[outer](written)} there")


@settings(deadline=None)
@given(st.sampled_from(sorted(ENCODINGS)), st.sampled_from(sorted(APART)), st.integers(0, 90))
def test_what_is_encoded_in_lines_or_in_a_list_may_hold_an_encoding(inner, outer, before):
    """Wherever in it that stands."""
    assert {WORD} == read(APART[outer]("." * before + ENCODINGS[inner](WORD)))


@settings(deadline=None)
@given(st.text(alphabet='0123456789abcdefCX:,;- \n"[]\\rn', max_size=400))
def test_digits_and_signs_in_any_order_are_read_as_nothing(text):
    """Nothing raises, nothing is invented."""
    assert set() == read(text)
    assert set() == {
        w.word for w in words.within(text.encode(), stretch=True) if canary.read(KEY, w.word)
    }


@settings(deadline=None)
@given(st.lists(st.integers(-200, 400), max_size=80))
def test_a_list_of_numbers_is_a_list_of_numbers(numbers):
    """Whatever they are."""
    assert set() == read(json.dumps({"data": numbers}))


@settings(deadline=None)
@given(st.sampled_from(sorted(ENCODINGS)), st.sampled_from(sorted(ENCODINGS)), PROSE, PROSE)
def test_two_encodings_one_in_the_other_do_not_hide_it(inner, outer, before, after):
    """Any encoding of any encoding, with prose inside of the outer one."""
    text = ENCODINGS[outer](f"{before} {ENCODINGS[inner](WORD)} {after}")
    assert read(f"<{text}>") == {WORD}


def test_a_third_encoding_is_not_undone():
    """Somewhere it must end: two are undone, and the documentation says so."""
    encode = ENCODINGS["hex"]
    assert read(encode(encode(WORD))) == {WORD}
    assert read(encode(encode(encode(WORD)))) == set()


def test_what_was_undone_is_named_outermost_first():
    """A person who looks for it in the evidence must know what to undo."""
    text = ENCODINGS["base64 at 0"](percent(WORD))
    hows = {w.how for w in words.everywhere(text) if canary.read(KEY, w.word)}
    assert "base64+percent" in hows


def test_a_form_filled_in_json_in_json_is_read():
    """A message inside of a message escapes its quotes twice."""
    inner = '{"content": "reference\\n' + WORD + '\\n"}'
    outer = '{"body": "' + inner.replace("\\", "\\\\").replace('"', '\\"') + '"}'
    assert read(outer) == {WORD}


def test_base64_whose_slashes_json_escapes_is_read():
    """Some encoders put a backslash before every slash."""
    text = shifted(base64.b64encode, 2)("???>>>" + WORD + "???>>>").replace("/", "\\/")
    assert "\\/" in text
    assert read(text) == {WORD}


@pytest.mark.parametrize(
    "text",
    [
        f"see %20{percent(WORD)}%20 there",
        f"\\u0020 {WORD}",
        f"&lt;b&gt; {WORD} &lt;/b&gt;",
        f"caf\u00e9 {WORD} \U0001f600",
    ],
)
def test_the_place_of_a_word_points_at_it(text):
    """What a witness marks is the word, not everything that was decoded on the way."""
    found = spot(text).removeprefix("%20").removesuffix("%20")
    assert found == (percent(WORD) if "%" in text else WORD)


@given(st.text())
def test_any_text_can_be_scanned(text):
    """Lone surrogates, controls, half an escape: nothing raises, and nothing is invented."""
    assert read(text) == set()


@given(st.binary(max_size=300))
def test_any_bytes_can_be_scanned(octets):
    """What is no UTF-8 is scanned as far as it can be read."""
    assert read(octets.decode("utf-8", "replace")) == set()
    assert read(base64.b64encode(octets).decode()) == set()


@given(st.integers(2, 21), st.sampled_from("ILOU?"))
def test_a_corrupted_canary_is_not_found(at, symbol):
    """A symbol that no canary has makes it garbage, and no part of it is taken for one."""
    assert read(f"see {WORD[:at]}{symbol}{symbol * 3}{WORD[at + 1 :]}") == set()


def test_a_uuid_is_not_taken_for_base64():
    """Frames are full of them; decoding each would cost more than everything else."""
    uuid = "3f2c1e7a-5b44-4c7e-9d5a-0c8f6c1b2a3d"
    assert list(words.everywhere(uuid)) == []


def test_percent_signs_and_entities_that_encode_nothing_are_left_alone():
    """`100 %`, `R&D;` and a single backslash are text."""
    text = f"100 % of R&D; and C:\\ {WORD} {urllib.parse.quote('ä')}"
    assert read(text) == {WORD}


@settings(deadline=None)
@given(st.sampled_from(["plain", "apart", *ENCODINGS]), st.data(), PROSE, PROSE)
def test_a_look_at_a_seam_overlooks_no_word_that_goes_on_over_it(name, data, before, behind):
    """Wherever a word is cut, as it was made, separated or encoded."""
    if name == "apart":
        written = " -".join(WORD)
    else:
        written = WORD if name == "plain" else ENCODINGS[name](WORD)
    cut = data.draw(st.integers(1, len(written) - 1))
    if WORD in read(written[:cut]) or WORD in read(written[cut:]):
        return  # one part holds it whole
    assert words.may_go_on(f"{before} {written[:cut]}", f"{written[cut:]} {behind}")


def test_most_seams_need_no_closer_look():
    """Words end where texts do."""
    assert not words.may_go_on("You asked for it.", "It is on its way")
    assert not words.may_go_on(f"The reference is {WORD}", "and that is all")
    assert words.may_go_on("The reference is CX", "and that is all")
