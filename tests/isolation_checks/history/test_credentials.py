from __future__ import annotations

import base64
import bisect
import itertools
import json
import re
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isolation_checks.history import credentials
from isolation_checks.history.credentials import Credentials
from isolation_checks.loading import words

KEY = b"k" * 32
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJzdWIiOiJhbmEtMDciLCJpYXQiOjE3NjM4MDAwMDB9"
    ".q-3v_5KXW0V9TB3HNeXq7Q2M8R4K_abcdefghijklmn"
)
OPAQUE = "p7Qx2-Mz9_rT4vKc8+Ny1/Lw6sBd3FgHj5"
UUID = "3f2c1e7a-5b44-4c7e-9d5a-0c8f6c1b2a3d"
PHRASE = "correct horse: battery! staple? no"
SECRETS = {"jwt": JWT, "opaque": OPAQUE, "uuid": UUID, "phrase": PHRASE, "slashes": "a/b" * 9}
MARK = re.compile(rb"credential\.([a-z0-9-]+)\.[0-9a-f]{16}")


def around(encode, before):
    """Base64 of a secret inside of something longer, at each alignment."""
    return lambda secret: encode(b"\x81" * before + secret.encode() + b"\xfe\xff").decode()


FORMS = {
    "raw": str,
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in JSON with slashes": lambda secret: secret.replace("/", "\\/"),
    "in JSON's escapes": lambda secret: "".join(f"\\u{ord(s):04x}" for s in secret),
    "in a URL": lambda secret: urllib.parse.quote(secret, safe=""),
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    **{f"base64 at {n}": around(base64.b64encode, n) for n in range(3)},
    **{f"base64url at {n}": around(base64.urlsafe_b64encode, n) for n in range(3)},
    **{f"base64 far behind at {n}": around(base64.b64encode, 30 + n) for n in range(3)},
}


def knowing(*secrets):
    """A screen that knows these secrets, all ana's."""
    screen = Credentials(KEY)
    for secret in secrets:
        screen.know(secret, "ana-07")
    return screen


def leftovers(content, secret):
    """Whatever of a secret can still be read in a screened message."""
    found = [name for name, form in FORMS.items() if form(secret).encode() in content]
    for run in re.findall(rb"[A-Za-z0-9+/_-]{16,}", content):
        for skip in range(4):
            part = run[skip:].replace(b"-", b"+").replace(b"_", b"/")
            plain = base64.b64decode(part[: len(part) // 4 * 4])
            if secret.encode()[:12] in plain or secret.encode()[-12:] in plain:
                found.append("base64")
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SECRETS)
def test_a_known_secret_becomes_a_mark_that_names_its_owner(name, form):
    """In every form in which a platform may send it; nothing around it is altered."""
    secret, screen = SECRETS[name], knowing(*SECRETS.values())
    content = f'{{"a": "before", "debug": "{FORMS[form](secret)}", "z": "after"}}'.encode()
    marked = screen.marked(content)
    assert screen.suspects(content)
    assert leftovers(marked, secret) == []
    assert MARK.findall(marked) == [b"ana-07"]
    assert marked.startswith(b'{"a": "before", "debug": "')
    assert marked.endswith(b'", "z": "after"}')


@pytest.mark.parametrize("form", FORMS)
def test_a_jwt_that_nobody_knows_is_marked_all_the_same(form):
    """By its looks: whose it is cannot be said, and it does not leak again."""
    content = f'{{"debug": "{FORMS[form](JWT)}"}}'.encode()
    marked = knowing().marked(content)
    assert knowing().suspects(content)
    assert leftovers(marked, JWT) == []
    assert MARK.findall(marked) == [b"unknown"]


def test_one_secret_has_one_mark_in_all_its_forms():
    """That it is the same secret that leaked in two places stays provable."""
    screen = knowing(OPAQUE)
    marks = {MARK.search(screen.marked(form(OPAQUE).encode()))[0] for form in FORMS.values()}
    assert len(marks) == 1


def test_marks_of_two_installations_do_not_compare():
    """The hash is keyed, and the key stays in memory."""
    here, there = knowing(OPAQUE), Credentials(b"another key" * 3)
    there.know(OPAQUE, "ana-07")
    assert here.marked(OPAQUE.encode()) != there.marked(OPAQUE.encode())


@pytest.mark.parametrize("before", ["", "f", "4", "data:", "x-"])
def test_hex_that_begins_at_an_odd_place_is_read(before):
    """A digit that stands before the token shifts every pair behind it."""
    content = (before + JWT.encode().hex()).encode()
    assert leftovers(knowing().marked(content), JWT) == []


def test_a_canary_beside_a_token_in_the_same_base64_survives():
    """Only the stretch that encodes the token is replaced."""
    first, second = "CX002G00080016KMXEAF5E", "CX002G00080026KMXEAF5E"
    plain = f"{first} {JWT} {second}"
    marked = knowing().marked(base64.b64encode(plain.encode())).decode()
    assert {first, second} <= {found.word for found in words.everywhere(marked)}


def test_two_tokens_in_one_base64_are_both_marked():
    """After the first one the rest is looked at as well."""
    other = JWT.replace("q-3v", "zzzz")
    marked = knowing(JWT).marked(base64.b64encode(f"{JWT} and {other}".encode()))
    assert MARK.findall(marked) == [b"ana-07", b"unknown"]
    assert leftovers(marked, JWT) == leftovers(marked, other) == []


def test_what_follows_a_token_does_not_hide_whose_it_is():
    """A token with more text glued to it is still its owner's."""
    marked = knowing(JWT).marked(f"{JWT}trailing".encode())
    assert MARK.findall(marked) == [b"ana-07"]


@settings(deadline=None)
@given(
    st.sampled_from(sorted(FORMS)),
    st.sampled_from(sorted(SECRETS)),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=60),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=60),
)
def test_no_secret_passes_whatever_stands_around_it(form, name, before, after):
    """Any text before and behind, and screening twice changes nothing more."""
    secret, screen = SECRETS[name], knowing(*SECRETS.values())
    content = f"{before} {FORMS[form](secret)} {after}".encode()
    marked = screen.marked(content)
    assert secret.encode() not in marked
    assert FORMS[form](secret).encode() not in marked
    assert screen.marked(marked) == marked


@given(st.binary(max_size=400))
def test_a_message_without_secrets_stays_byte_for_byte(content):
    """Evidence is verbatim but for secrets."""
    assert content == knowing(*SECRETS.values()).marked(content)


@given(st.text(alphabet="eyJhbGciOi.0123456789abcdef%\\u-_+/=V5SleUZXlK", max_size=200))
def test_what_only_resembles_a_secret_stays_as_it_is(text):
    """Hints call for a closer look; without a token nothing is replaced."""
    content = text.encode()
    if not re.search(r"eyJ[\w-]{8,}(?:\.|%2[eE]|\\u002[eE])[\w-]{8,}", text):
        assert content == knowing().marked(content)


def encoded_at_all(content):
    """Whether a JWT can be read in a message, by trying everything that may be undone."""
    runs = [run[0] for pattern, _ in credentials._WRAPPED for run in pattern.finditer(content)]
    plain = [
        inner
        for run in runs
        for _, decoded in credentials._WRAPPED
        for inner, _ in _tried(decoded, run)
    ]
    return any(credentials._JWT.search(each) for each in (content, *plain))


def _tried(decoded, run):
    try:
        return list(decoded(run))
    except ValueError:  # it is no run of this kind
        return []


PIECES = st.one_of(
    st.sampled_from([form(secret) for form in FORMS.values() for secret in SECRETS.values()]),
    st.sampled_from(
        ["eyJ", "%65", "e%79%4a", "\\u0065yJ", "ZXlK", "V5S", "leU", "65794A", ".", "%2E"]
    ),
    st.text(alphabet="eyJhbGciOi.0123456789abcdef%\\u-_+/=V5SleUZXlK", max_size=60),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=20),
)
MESSAGES = st.lists(st.lists(PIECES, max_size=4).map("".join).map(str.encode), max_size=8)


@settings(deadline=None)
@given(MESSAGES)
def test_the_screen_over_many_messages_overlooks_none_that_holds_a_secret(messages):
    """Tried against every form of every secret, and against all that can be decoded."""
    screen = knowing(*SECRETS.values())
    ends = list(itertools.accumulate(map(len, messages)))
    flagged = {bisect.bisect_left(ends, place) for place in screen.places(b"".join(messages))}
    forms = [form for secret in SECRETS.values() for form in credentials._forms(secret.encode())]
    for number, message in enumerate(messages):
        holds = any(form in message for form in forms) or encoded_at_all(message)
        assert number in flagged or not holds
        assert number in flagged or message == screen.marked(message)


def test_a_secret_is_found_while_another_thread_makes_ready_to_find_it():
    """What is new is looked for by itself until then."""
    screen = knowing(OPAQUE)
    turn = screen._turns.pop()
    assert MARK.findall(screen.marked(OPAQUE.encode())) == [b"ana-07"]
    assert screen._fresh
    screen._turns.append(turn)
    assert screen.suspects(OPAQUE.encode())
    assert not screen._fresh


def test_frames_of_ids_need_no_closer_look():
    """Most frames are full of UUIDs and long words; only a known one is a secret."""
    frame = f'{{"request_id": "{UUID}", "thread_id": "thread_0123456789abcdef"}}'.encode()
    assert not knowing(OPAQUE).suspects(frame)
    assert knowing(OPAQUE, UUID).suspects(frame)


def test_a_short_secret_is_not_kept():
    """It would be found everywhere, and tear the evidence apart."""
    assert knowing("admin").marked(b"the admin said so") == b"the admin said so"


def test_secrets_may_come_one_at_a_time_by_the_thousand():
    """Each is found, the first as well as the last."""
    screen = Credentials(KEY)
    secrets = [f"secret-number-{n:06d}-xyzxyz" for n in range(600)]
    for number, secret in enumerate(secrets):
        screen.know(secret, f"user-{number}")
        assert screen.suspects(secret.encode())
    for number in (0, 1, 299, 598, 599):
        assert MARK.findall(screen.marked(secrets[number].encode())) == [f"user-{number}".encode()]


def test_text_with_lone_surrogates_can_be_screened():
    """Errors and logs hold whatever a platform sent."""
    assert knowing(OPAQUE).marked_text(f"\ud800 {OPAQUE}").count("credential.ana-07.") == 1
