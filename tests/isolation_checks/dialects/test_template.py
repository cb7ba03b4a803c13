import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks.dialects import template

NAMES = {
    "text": "hello",
    "conversation": None,
    "turn": 0,
    "token_b64url": "abc",
    "frame": {"payload": {"id": 7, "of": ["x", "y"]}},
}


@pytest.mark.parametrize(
    ("given_", "filled"),
    [
        ("{text}", "hello"),
        ("jwt.{token_b64url}", "jwt.abc"),  # a name may hold digits
        ("{turn}", 0),  # alone it keeps its type
        ("turn {turn}", "turn 0"),
        ({"a": "{conversation}", "b": "{text}"}, {"b": "hello"}),  # unknown: left out
        (["{conversation}", "{text}"], [None, "hello"]),  # in an array places count
        ("in {conversation}.", "in ."),
        ("{frame.payload.id}", 7),
        ("{frame.payload.of.1}", "y"),
        ("{frame.id|frame.payload.id}", 7),  # the first that is known
        ("{conversation|text}", "hello"),
        ({"n": 1, "deep": {"t": ["{text}"]}}, {"n": 1, "deep": {"t": ["hello"]}}),
        ("{}", "{}"),
        ('{"json": 1}', '{"json": 1}'),
    ],
)
def test_a_template_is_filled(given_, filled):
    """A hole alone becomes the value, whatever its type; what is not known is left out or null."""
    assert filled == template.fill(given_, NAMES)


def test_what_is_filled_into_a_url_is_quoted():
    """A platform's own id may hold anything."""
    names = {"conversation": "a/b c?d", "n": 7}
    assert "/threads/a%2Fb%20c%3Fd/7" == template.in_url("/threads/{conversation}/{n}", names)
    assert "ws://x/ws" == template.in_url("ws://x/ws", names)


@pytest.mark.parametrize(
    ("given_", "holes", "strange"),
    [
        ({"a": "{text}", "b": ["{frame.x|turn}"]}, {"text", "frame", "turn"}, set()),
        ("{Text} {user-id} {userId}", set(), {"Text", "user-id", "userId"}),
        ('{"a": {}} { text }', set(), set()),
        (None, set(), set()),
    ],
)
def test_holes_are_told_from_what_only_looks_like_one(given_, holes, strange):
    """A misspelt hole would be sent as it stands."""
    assert holes == template.holes(given_)
    assert strange == template.strange_holes(given_)


@pytest.mark.parametrize(
    ("message", "places", "text"),
    [
        ({"a": {"b": "x"}}, ("a.b",), "x"),
        ({"a": [{"b": "x"}]}, ("a.0.b",), "x"),
        ({"a": [{"b": "x"}]}, ("a.1.b",), None),
        ({"a": "", "c": "y"}, ("a", "c"), "y"),  # empty is not there
        ({"a": None, "c": 3}, ("a", "c"), "3"),
        ({"a": True, "c": "y"}, ("a", "c"), "y"),  # a truth is no name
        ({"a": {"b": "x"}}, ("a",), None),
        ("text", ("a",), None),
        ({"a": '{"b": ["x"]}'}, ("a.b.0",), "x"),  # JSON in a string, as Pusher has it
        ({"a": '{"b": "{\\"c\\": 3}"}'}, ("a.b.c",), "3"),
        ({"a": '{"b": '}, ("a.b",), None),
        ({"a": "7"}, ("a.0",), None),  # no envelope
    ],
)
def test_the_first_scalar_counts(message, places, text):
    """Numbers are text; what is empty, or no scalar, is passed over."""
    assert text == template.first_text(message, places)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_texts_come_in_the_order_in_which_they_stand(value):
    """As a naive walk would find them."""

    def walk(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for member in value.values():
                yield from walk(member)
        elif isinstance(value, list):
            for member in value:
                yield from walk(member)

    assert list(walk(value)) == list(template.texts(value))


def test_a_platform_cannot_nest_so_deep_that_reading_fails():
    """As deep as a parser takes it."""
    deep = orjson.loads(b"[" * 1000 + b'"x"' + b"]" * 1000)
    assert ["x"] == list(template.texts(deep))
