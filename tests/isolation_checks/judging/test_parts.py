from __future__ import annotations

from isolation_checks.checks.check import Outcome, check
from isolation_checks.judging.parts import part
from isolation_checks.verdicts.lattice import Verdict


def asked(name, verdict, note):
    """A check of objectives by this name, and what it said."""

    def rule(_):
        """Say nothing."""

    rule.__name__ = name
    outcome = Outcome(examined=1, unit="queries", verdict=verdict, note=note)
    return check(asks="?", part="objectives")(rule), outcome


def test_a_reason_is_said_once_behind_all_of_which_it_is_said():
    """Three checks, two of them for the same reason."""
    outcomes = [
        asked("order", Verdict.UNKNOWN, "nothing was answered"),
        asked("rows", Verdict.UNKNOWN, "no database"),
        asked("time", Verdict.UNKNOWN, "nothing was answered"),
        asked("errors", Verdict.PASS, "nothing was answered"),
    ]
    said = part("objectives", outcomes, (), gates=True)
    assert Verdict.UNKNOWN is said.verdict
    assert "order, time: nothing was answered; rows: no database" == said.because


def test_a_part_of_which_nothing_was_asked_cannot_pass():
    """No check, no PASS."""
    said = part("objectives", [], (), gates=True)
    assert (Verdict.UNKNOWN, "nothing of it was asked") == (said.verdict, said.because)


def test_isolation_without_counted_opportunities_cannot_pass():
    """A check that found nothing proves nothing where nobody counted chances."""
    rule, outcome = asked("frames", Verdict.PASS, "")
    said = part(
        "isolation", [(check(asks="?", part="isolation")(rule.function), outcome)], (), gates=True
    )
    assert Verdict.UNKNOWN is said.verdict
