from __future__ import annotations

import pytest

from isolation_checks.checks.recalled import recalled_elsewhere as check
from isolation_checks.errors import UsageError
from isolation_checks.plan import read
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask
from tests.isolation_checks.recording import PLAN

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
MEMORIES = tuple(f"A{n}" for n in range(1, 60))
LENIENT = {"objectives": [{"indicator": "error_share", "limit": 0.5}]}


def here(number, held="A{}"):
    """Told and recalled in one session."""
    return _told(number) + _recalled(number, held)


def elsewhere(number, held="A{}"):
    """Told in one session and recalled in a new one."""
    return f"{_told(number)}a+ {_recalled(number, held)}"


def _told(number):
    return f"a?q{number},A{number} a!q{number} "


def _recalled(number, held):
    query = f"q{number + 100}"
    return f"a?{query}~recall a:{query},/completed,{held.format(number)} a!{query} "


def several(what, first, last, held="A{}"):
    return "".join(what(number, held) for number in range(first, last))


HERE = several(here, 1, 15)


def asked(script, **how):
    return ask(check, script, memories=MEMORIES, **how)


@pytest.mark.parametrize(
    ("script", "verdict", "examined"),
    [
        ("", UNKNOWN, 0),
        (HERE, UNKNOWN, 0),  # nobody asked elsewhere
        (HERE + several(elsewhere, 20, 30), PASS, 10),
        (HERE + several(elsewhere, 20, 30, "'sorry"), FAIL, 10),
        (HERE + several(elsewhere, 20, 25) + several(elsewhere, 25, 30, "'sorry"), FAIL, 10),
        (HERE + several(elsewhere, 20, 24) + elsewhere(24, "'sorry"), UNKNOWN, 5),  # chance?
        (HERE + several(elsewhere, 20, 30, "A1"), FAIL, 10),  # an old one is not what was told last
        (several(here, 1, 15, "'sorry") + several(elsewhere, 20, 30, "'sorry"), UNKNOWN, 10),
        (several(here, 1, 9, "'hm") + HERE + several(elsewhere, 20, 26, "'hm"), FAIL, 6),
        (several(here, 30, 44, "'hm") + here(1) + several(elsewhere, 20, 26, "'hm"), UNKNOWN, 6),
        (here(1) + several(elsewhere, 20, 30, "'sorry"), UNKNOWN, 10),  # compared with one
        (
            several(elsewhere, 20, 30, "'sorry") + elsewhere(30),
            UNKNOWN,
            11,
        ),  # compared with nothing
    ],
)
def test_what_was_told_is_known_in_another_session(script, verdict, examined):
    """No less often than where it was told; a platform that repeats nothing cannot be asked."""
    outcome = asked(script)
    assert (verdict, examined) == (outcome.decided, outcome.examined)


def test_a_few_are_within_what_a_plan_allows():
    """As few as may be errors; they are mentioned."""
    script = HERE + several(elsewhere, 20, 25) + several(elsewhere, 25, 30, "'sorry")
    outcome = asked(script, plan=LENIENT)
    said = "5 of 10 recalls lack what was told in another session"
    assert (PASS, said) == (outcome.decided, outcome.note)
    assert not outcome.bounded  # some were seen, so that nothing says how few there are


def test_the_witness_is_what_was_told_and_the_answer_that_lacks_it():
    """In the order in which it happened."""
    [found] = asked(HERE + several(elsewhere, 20, 30, "'sorry")).found
    assert ["asked", "asked", "was answered without what it had told"] == [
        moment.did for moment in found.witness()
    ]
    assert (10, "q20", "a") == (found.times, found.victim_query, found.victim)


def test_a_recall_that_may_have_been_answered_is_not_counted():
    """Frames came meanwhile that could not be tied to any query."""
    lost = HERE + several(elsewhere, 20, 30, "'sorry")
    loose = "a+ a?q131~recall a?q132 a:'hm a!q131 a!q132"
    assert 10 == asked(lost + _told(31) + loose).examined


def remembering(sharing, *, remembers=True, **recall):
    """A plan with a table that remembers, or not, and that shares so."""
    tables = [{"name": "memories", "owner": "user_id", "remembers": remembers}]
    shared = [{"scope": "conversation"}, sharing]
    rows = {"url": "sqlite:///x", "tables": tables}
    return read.parse(PLAN, "it", {"sharing": shared, "rows": rows, "provocations": recall})


@pytest.mark.parametrize("sharing", [{"scope": "user"}, {"scope": "tenant", "places": ["memory"]}])
def test_it_is_asked_where_the_plan_asks_for_it(sharing):
    """A promise that is not in the nature of memories, so a plan has to give it."""
    assert None is check.not_asked(remembering(sharing, recall="1s"))
    assert None is not check.not_asked(remembering(sharing))
    assert None is not check.not_asked(remembering(sharing, recall="0s"))


@pytest.mark.parametrize(
    ("sharing", "remembers"),
    [
        ({"scope": "user", "places": ["document"]}, True),
        ({"scope": "user", "channels": ["row", "http"]}, True),
        ({"scope": "conversation"}, True),
        ({"scope": "user"}, False),
    ],
)
def test_a_plan_that_cannot_show_it_may_not_ask_for_it(sharing, remembers):
    """It must let the platform repeat to a user what the user told elsewhere."""
    with pytest.raises(UsageError, match=r"provocations\.recall needs rows\.tables\.remembers"):
        remembering(sharing, remembers=remembers, recall="1s")
