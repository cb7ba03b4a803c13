import json

import pytest

from isolation_checks.canary import PATTERN
from isolation_checks.records import RunId
from locustfiles.driving import wording
from locustfiles.driving.principals import Roster


@pytest.fixture
def roster():
    return Roster(key=b"k" * 32, account_key=b"a" * 32, run=RunId("r"), slot=0, seed=1, tenants=0)


def test_a_question_holds_its_canary_and_says_so(roster):
    """What is planted is what stands in the text: no more, and no less."""
    principal = roster.next("user")
    for _ in range(30):
        word = roster.canary(principal)
        asked = wording.question(principal, word, 12)
        assert asked.planted == (("token", word),)
        assert PATTERN.findall(asked.text.encode()) == [word.encode()]
        assert asked.kind == "question"


def test_what_is_said_can_stand_in_json_as_it_is(roster):
    """A plan may fill it into a string that is JSON itself."""
    for _ in range(200):
        principal = roster.next("user")
        word = roster.canary(principal)
        said = (
            wording.question(principal, word, 12),
            wording.alike(principal, word),
            wording.at_length(principal, word, 300),
            wording.remember(principal, word),
            wording.recall("(1)"),
        )
        for each in said:
            assert f'"{each.text}"' == json.dumps(each.text, ensure_ascii=False)


@pytest.mark.parametrize("words", [0, 3, 50])
def test_a_question_is_as_long_as_it_was_asked_to_be(roster, words):
    """About: there are three words of chatter at least."""
    principal = roster.next("user")
    asked = wording.question(principal, roster.canary(principal), words)
    assert len(asked.text.split()) >= max(3, words)


def test_what_is_to_be_remembered_is_planted_and_the_recall_is_not(roster):
    """A recall holds no canary: only the platform's memory can bring one back."""
    principal = roster.next("user")
    word = roster.canary(principal)
    assert word in wording.remember(principal, word).text
    assert wording.recall("(1)").planted == ()
    assert not PATTERN.search(wording.recall("(1)").text.encode())


def test_twins_ask_word_for_word_the_same():
    """Whoever asks: the same salt gives the same text, another one another."""
    assert wording.recall("(round 1)") == wording.recall("(round 1)")
    assert wording.recall("(round 1)") != wording.recall("(round 2)")


def test_plantings_say_where_a_word_was_given(roster):
    """One record a canary, with the conversation and the query."""
    principal = roster.next("user")
    word = roster.canary(principal)
    asked = wording.question(principal, word, 3)
    assert asked.plantings(principal, conversation="c", query="q") == [
        {
            "canary": word,
            "kind": "token",
            "principal": principal.id,
            "place": "query",
            "conversation": "c",
            "query": "q",
        }
    ]


@pytest.mark.parametrize("octets", [300, 5_000])
def test_a_question_at_length_is_no_longer_than_it_may_be(roster, octets):
    """Its reference stands at both ends, so that a piece of it tells whose it is."""
    principal = roster.next("user")
    word = roster.canary(principal)
    text = wording.at_length(principal, word, octets).text
    assert octets - 40 < len(text.encode()) <= octets
    assert [m.decode() for m in PATTERN.findall(text.encode())] == [word, word]
    assert wording.one_word(word).text == word
