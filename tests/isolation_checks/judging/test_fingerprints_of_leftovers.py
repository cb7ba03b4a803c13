"""Who is given what was due to somebody else, or what somebody else had left."""

from __future__ import annotations

import pytest

from tests.isolation_checks.judging.judging import found

CANARY = "foreign canary in a frame"
OFF_BY_ONE = "a reply left on a connection for whoever borrows it next"
LEFT = "state that another's run had left behind"
SHARED = "one agent object shared by overlapping runs"
USERS = "abcd"
ROUND = len(USERS)


def _conversations(due, rounds=3, *, at_once=False, text=""):
    """Users who ask round by round, each in a conversation of its own.

    `due` says, from the number of a query, the words of which others are in its answer
    besides its own.
    """
    number, script = 0, []
    for _ in range(rounds):
        here = []
        for who in USERS:
            number += 1
            script.append(f"{who}?q{number}@{who}{text},{_word(number)}")
            here.append(number)
            if at_once:
                script.append(_answer(number, due))
        if not at_once:
            script += [_answer(each, due) for each in here]
        script.append("+2s")
    return " ".join(script)


def _without_a_pause(due, queries=24):
    """Users each of whom asks again when answered, one after another."""
    script = []
    for number in range(1, queries + ROUND):
        if number > ROUND:
            script.append(_answer(number - ROUND, due))
        script.append(f"{_who(number)}?q{number}@{_who(number)},{_word(number)}")
    return " ".join(script)


def _answer(number, due):
    who, words = _who(number), [_word(each) for each in (number, *due(number))]
    return f"{who}:q{number},{','.join(words)} {who}!q{number}"


def _who(number):
    return USERS[(number - 1) % ROUND]


def _word(number):
    return f"{_who(number).upper()}{number}"


def _said_before(number):
    """What was said last in the conversation that a query goes on with."""
    return [number - ROUND] if number > ROUND else []


def _to_the_next(number):
    """What was said before where somebody else asked right before."""
    return _said_before(number - 1)


def _all_to_the_next(number):
    """The same, with everything that was said there before."""
    return range(number - 1 - ROUND, 0, -ROUND)


def _to_the_one_ahead(number):
    """What was said before where somebody else asked right behind."""
    return _said_before(number + 1) if number % ROUND else []


def _to_the_second(number):
    """What was said before by whoever asks first in a round, to whoever asks second."""
    return _to_the_next(number) if number % ROUND == 2 else []


def _to_whoever_comes(number):
    """The words of the query right before, whoever asked it."""
    return [number - 1] if number > 1 else []


@pytest.mark.parametrize(
    ("script", "mechanism"),
    [
        (_conversations(_to_the_next), OFF_BY_ONE),
        (_conversations(_all_to_the_next, rounds=4), OFF_BY_ONE),
        # the one before was over when the next came: a reply waits as long as nobody comes
        (_conversations(_to_the_next, at_once=True), OFF_BY_ONE),
        # nobody who gives has been given anything
        (_conversations(_to_the_second, rounds=9, at_once=True), LEFT),
        (_conversations(_to_the_one_ahead, rounds=4), LEFT),
        # behind their words' end as soon as behind the next query: it may be either
        (_without_a_pause(_to_the_next), LEFT),
        # so few may be chance
        (_conversations(_to_the_next, rounds=2), LEFT),
        # whoever comes next is given the last answer, whenever its own conversation goes on
        (_conversations(_to_whoever_comes, at_once=True), LEFT),
        # so they are where everybody asks the same: that the victim had, too, says nothing
        (_conversations(_to_whoever_comes, at_once=True, text="=my_code?"), LEFT),
    ],
)
def test_what_was_due_to_the_one_before_tells_a_connection(script, mechanism):
    """By when the next query of that conversation was asked, not by when the words were."""
    first = found(script, CANARY).shown[0]
    assert mechanism == first.mechanism, first.because


@pytest.mark.parametrize(
    ("answers", "mechanism"),
    [
        ("a:q1,A1 a!q1 b:q2,B1,A1 b!q2 c:q3,C1,B1 c!q3 d:q4,D1,C1 d!q4", LEFT),
        ("a:q1,A1 b:q2,B1,A1 c:q3,C1,B1 d:q4,D1,C1 a!q1 b!q2 c!q3 d!q4", SHARED),
    ],
)
def test_who_waits_until_another_is_served_finds_what_that_one_left(answers, mechanism):
    """All had asked at once, but the words came to each behind the end of the one before."""
    first = found(f"a?q1,A1 b?q2,B1 c?q3,C1 d?q4,D1 {answers}", CANARY).shown[0]
    assert mechanism == first.mechanism, first.because
