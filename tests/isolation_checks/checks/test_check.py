from __future__ import annotations

import pytest

from isolation_checks.checks import CHECKS
from isolation_checks.checks.check import (
    Found,
    Outcome,
    check,
    needs_ids,
    needs_labels,
    unstated_ids,
    unstated_labels,
)
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import told

ONE = Found(
    kind="a-kind",
    cwe=None,
    victim=None,
    recipient=None,
    channel="frame",
    sentence="it is so",
    times=3,
    first_s=None,
    witness=tuple,
)


@pytest.mark.parametrize(
    ("outcome", "verdict", "total"),
    [
        (Outcome(examined=0, unit="frames"), Verdict.UNKNOWN, 0),
        (Outcome(examined=1, unit="frames"), Verdict.PASS, 0),
        (Outcome(examined=0, unit="frames", found=(ONE,)), Verdict.FAIL, 3),
        (Outcome(examined=9, unit="frames", found=(ONE, ONE)), Verdict.FAIL, 6),
        (Outcome(examined=9, unit="frames", verdict=Verdict.UNKNOWN), Verdict.UNKNOWN, 0),
        (Outcome(examined=9, unit="frames", times=4), Verdict.PASS, 4),
    ],
)
def test_an_outcome_says_what_follows_from_it(outcome, verdict, total):
    """Found is FAIL, nothing examined is UNKNOWN, unless the check says otherwise."""
    assert (verdict, total) == (outcome.decided, outcome.total)


def test_examined_cannot_be_forgotten():
    """It has no default."""
    with pytest.raises(TypeError, match="examined"):
        Outcome(unit="frames")


def test_a_described_function_is_a_check():
    """Named by it, asked by it, and told by its docstring."""

    @check(asks="Is it so?", part="evidence", cwe=1, not_asked=lambda _: "never")
    def it_is_so(_):
        """The rule."""
        return Outcome(examined=1, unit="things")

    assert ("it is so", "Is it so?", "evidence", 1, "The rule.", "never") == (
        it_is_so.name,
        it_is_so.asks,
        it_is_so.part,
        it_is_so.cwe,
        it_is_so.doc,
        it_is_so.not_asked(told("").history.plan),
    )
    assert Verdict.PASS == it_is_so(told("")).decided


@pytest.mark.parametrize("each", CHECKS, ids=lambda each: each.name)
def test_every_check_says_its_rule_what_it_catches_and_what_it_is_blind_to(each):
    """Whoever reads the list must know what a PASS of it means."""
    assert each.asks.endswith("?")
    assert "Catches:" in each.doc
    assert "Blind to:" in each.doc


@pytest.mark.parametrize("each", CHECKS, ids=lambda each: each.name)
def test_no_check_passes_on_silence(each):
    """Nothing was asked, nothing came, no row was read: only that this is whole can be said."""
    run = told("", rows=True, plan={"isolation": {"facts": True}})
    silence = each(run)
    assert (each.name == "history complete") == (silence.decided is Verdict.PASS)
    assert silence.examined == (each.name == "history complete")
    asked = each.not_asked(run.history.plan) is None  # that is the plan's word, and no check's
    assert not (asked and silence.decided is Verdict.NOT_ASKED)


LINES = "tests.end_to_end.foreign.line_dialect:LineDialect"
OURS, THEIRS = {"id": "{query}", "text": "{text}"}, {"text": "{text}"}


@pytest.mark.parametrize(
    ("dialect", "ids", "labels"),
    [
        ({"ask": OURS}, False, False),
        ({"ask": OURS, "where": {"query": ["id"]}}, True, False),
        ({"ask": THEIRS, "where": {"query": ["id"]}}, False, False),  # it was given no id of ours
        ({"ask": OURS, "where": {"run": ["run"]}}, False, False),  # runs say nothing of whose
        ({"ask": OURS, "where": {"conversation": ["chat"]}}, True, False),  # by our ids beside it
        ({"ask": THEIRS, "where": {"conversation": ["chat"]}}, False, False),
        (
            {"ask": THEIRS, "conversations": "ours", "where": {"conversation": ["chat"]}},
            True,
            False,
        ),
        ({"ask": THEIRS, "where": {"user": ["user"]}}, True, True),
        ({"class": LINES}, False, False),
        ({"class": LINES, "where": {"query": ["the second word"]}}, True, False),
        ("reference", True, True),
        ("plain", False, False),
        ("netra-a", False, False),  # ids are where each emitter's author liked them
        ("netra-c", True, False),
    ],
)
def test_a_plan_asks_for_the_ids_whose_places_it_states(dialect, ids, labels):
    """If they can tell whose a frame is: that follows from the plan, before anything is seen."""
    if isinstance(dialect, dict):
        dialect = dialect | {"ends": {"over": "ok"}}
    plan = told("", plan={"dialect": dialect}).history.plan
    assert (ids, labels) == (unstated_ids(plan) is None, unstated_labels(plan) is None)
    assert (None, None) == (needs_ids(plan), needs_labels(plan))


def test_names_are_unique():
    """A check is spoken of by its name."""
    assert len(CHECKS) == len({each.name for each in CHECKS})
