from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks.control import writing
from isolation_checks.loading import words
from tests.isolation_checks.language import word

WORD = word("A1").encode()
TEXTS = (b"content", b"delta")


@pytest.mark.parametrize("how", writing.ENCODINGS)
def test_each_way_of_writing_hides_the_word_from_a_plain_search_but_not_from_scanning(how):
    """All but the plain one look like something else, and every one is read."""
    shown = writing.written(b'{"content": "see ' + WORD + b' there"}', how)
    assert (how == "moved") == (WORD in shown)
    assert WORD.decode() in {w.word.upper() for w in words.everywhere(shown.decode())}


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_split_message_is_two_whole_ones_that_go_on_with_each_other(before, behind):
    """Whatever is escaped in it; the first ends within the word, the second begins there."""
    text = f"{before}{WORD.decode()}{behind}"
    message = json.dumps({"type": "x", "payload": {"content": text}}).encode()
    first, second = map(json.loads, writing.split(message, TEXTS))
    assert "x" == first["type"] == second["type"]
    assert text == first["payload"]["content"] + second["payload"]["content"]
    assert WORD.decode() not in first["payload"]["content"]


def test_a_word_is_split_only_where_a_text_stands_and_nowhere_else_is_left_whole():
    """A reader looks for texts where the plan says; another place of the word is blanked."""
    message = b'{"a": "' + WORD + b'", "content": "' + WORD + b'"}'
    for part in writing.split(message, TEXTS):
        assert WORD not in part
    assert writing.split(b'{"a": "' + WORD + b'"}', TEXTS) is None
    assert writing.split(b"no word", TEXTS) is None


def test_a_word_that_comes_in_pieces_is_put_whole_where_it_ends():
    """Of each session apart; messages that end none stay as they are."""
    text = WORD.decode()
    cut = [text[:3], text[3:15], text[15:] + " said"]
    messages = [json.dumps({"kind": "delta", "delta": piece}).encode() for piece in cut]
    pieces = writing.Pieces(TEXTS)
    other = json.dumps({"delta": "of another session"}).encode()
    assert messages[:2] == [pieces.whole(1, message) for message in messages[:2]]
    assert other == pieces.whole(2, other)
    assert {"kind": "delta", "delta": text} == json.loads(pieces.whole(1, messages[2]))
    assert messages[0] == pieces.whole(1, messages[0])


def test_what_is_sent_along_with_an_event_is_a_text_of_its_own():
    """Split and put together where it stands behind the event's name, and nowhere else."""
    names = (*TEXTS, writing.ARGUMENT)
    event = b'42/room,17["token", "say ' + WORD + b' now",{"id":"' + WORD + b'"}]'
    first, second = (part.partition(b'"')[2] for part in writing.split(event, names))
    assert first.startswith(b'token", "say ' + WORD[:5])
    assert second.startswith(b'token", "')
    assert WORD not in first + second
    assert writing.split(b'42["token",{"id":"' + WORD + b'"}]', names) is None
    pieces = writing.Pieces(names)
    text = WORD.decode()
    messages = [b'42["token","%s"]' % piece.encode() for piece in (text[:9], text[9:])]
    assert messages[0] == pieces.whole(1, messages[0])
    assert b'42["token","' + WORD + b'"]' == pieces.whole(1, messages[1])


def test_a_word_that_stands_whole_is_left_where_it_stands():
    """Nothing is put together then."""
    message = b'{"content": "' + WORD + b'"}'
    assert message == writing.Pieces(TEXTS).whole(1, message)
