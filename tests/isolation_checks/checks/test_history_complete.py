from __future__ import annotations

import pytest

from isolation_checks.checks.history_complete import history_complete as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, UNKNOWN = Verdict.PASS, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("how", "verdict", "note"),
    [
        ({}, PASS, ""),
        ({"elsewhere": "b"}, PASS, ""),
        ({"gaps": ("it never began",)}, UNKNOWN, "p0: it never began"),
        ({"gaps": ("it was not sealed",)}, UNKNOWN, "p0: it was not sealed"),
        ({"gaps": tuple("abcdef")}, UNKNOWN, "p0: a; p0: b; p0: c; p0: d; and 2 more"),
        (
            {"unseated": "b"},
            UNKNOWN,
            "2 frames belong to sessions that are not in the history",
        ),
    ],
)
def test_what_is_missing_makes_the_evidence_unknown(how, verdict, note):
    """Never FAIL: it is ours; and never PASS."""
    outcome = ask(check, "a:A1 b:B1 b:B2", **how)
    assert (verdict, note) == (outcome.decided, outcome.note)
    assert () == outcome.found


def test_a_run_without_processes_is_unknown():
    """Nobody was expected and nobody came: there is nothing that could be complete."""
    run = told("")
    run.history.processes = []
    assert (UNKNOWN, 0) == (check(run).decided, check(run).examined)


def test_it_counts_processes_and_bounds_nothing():
    """Evidence is whole or not; no rate is behind it."""
    outcome = ask(check, "a:A1", elsewhere="b")
    assert (2, "processes", False) == (outcome.examined, outcome.unit, outcome.bounded)


@pytest.mark.parametrize(
    ("code", "by", "verdict"),
    [
        (None, "us", PASS),
        (1000, "us", PASS),
        (1009, "them", PASS),
        (1009, "us", UNKNOWN),
        (1002, "us", UNKNOWN),
    ],
)
def test_what_made_us_stop_listening_was_not_looked_at(code, by, verdict):
    """A message over the limit may hold anything: a session that it ended is a gap."""
    run = told("a:A1")
    session = next(iter(run.history.sessions.values()))
    session.code, session.by, session.why = code, by, "frame exceeds limit"
    outcome = check(run)
    assert verdict is outcome.decided
    assert (verdict is UNKNOWN) == ("ended by what the platform sent" in outcome.note)
