import base64
import html
import json
import urllib.parse

from hypothesis import given
from hypothesis import strategies as st

from isolation_checks import canary
from isolation_checks.canary import OwnerNumber
from isolation_checks.loading import words

CANARIES = st.builds(
    lambda serial: canary.make(b"k" * 32, canary.Parts(run=7, owner=OwnerNumber(5), serial=serial)),
    st.integers(0, 99),
)
CASES = st.sampled_from((str, str.lower, str.title, str.swapcase))
APART = st.sampled_from(("-", " ", "_", "\n", " - ", " ", "—", "....")).map(
    lambda apart: apart.join
)
WAYS = st.sampled_from(
    (
        str,
        json.dumps,
        html.escape,
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex(":"),
        lambda text: json.dumps(list(text.encode())),
        lambda text: json.dumps(base64.encodebytes(b"~" * 50 + text.encode()).decode()),
        lambda text: base64.b64encode(b"q" + text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
        lambda text: base64.b64encode(text.encode()).decode().replace("B", "\\/", 1),
        lambda text: "".join(f"\\u{ord(symbol):04x}" for symbol in text),
        lambda text: "".join(f"%{octet:02x}" for octet in text.encode()),
        lambda text: "".join(f"&#{ord(symbol)};" for symbol in text),
        lambda text: urllib.parse.quote(json.dumps(text)),
    )
)
HIDDEN = st.builds(
    lambda word, case, apart, inner, outer: outer(inner(apart(case(word)))),
    CANARIES,
    CASES,
    st.just(str) | APART,
    WAYS,
    st.just(str) | WAYS,
)
CHATTER = st.sampled_from(
    (
        "click x, Cx, c-x and more",
        "grüße İ ſ K",  # noqa: RUF001 - it is a long s, which is a small S  # noqa: RUF001 - that is what it is about
        "cx" * 12,
        '100% of a & b, "quoted\\"\\n',
        "89b5109f-34b8-4381-8f2d-c0e68e98e1a2",
        "x" * 44,
    )
)
MESSAGES = st.lists(HIDDEN | CHATTER, max_size=5).map(" ".join).map(str.encode)


@given(MESSAGES, st.lists(MESSAGES, max_size=3), st.binary(max_size=4))
def test_the_fast_look_overlooks_nothing(message, neighbours, rest):
    """What is found after a fast look is what is found by looking at everything."""
    content = message + rest
    stretch = words.stretched([*neighbours, content, b"next"])[len(neighbours)]
    found = list(words.within(content, stretch=stretch))
    everything = list(words.everywhere(content.decode("utf-8", "replace")))
    assert sorted(found, key=str) == sorted(everything, key=str)
