from __future__ import annotations

import pytest

from isolation_checks.checks.everybody_came import everybody_came as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, UNKNOWN = Verdict.PASS, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("there", "turned_away", "verdict"),
    [
        (0, 0, UNKNOWN),  # nobody tried
        (2, 0, PASS),
        (9, 1, PASS),
        (8, 1, UNKNOWN),  # more than a tenth
        (0, 3, UNKNOWN),
    ],
)
def test_who_was_turned_away_was_not_looked_at(there, turned_away, verdict):
    """A few who never got in are mentioned; many make the evidence unknown."""
    names = "abcdefghij"[: there + turned_away]
    run = told(" ".join(f"{name}:" for name in names))
    for session in run.history.sessions.values():
        if session.principal in names[there:]:
            session.ready_s, session.failed = None, "HTTP 401"
    outcome = check(run)
    assert (verdict, there + turned_away) == (outcome.decided, outcome.examined)
    if turned_away:
        said = f"{turned_away} of {there + turned_away} principals never had a session: HTTP 401"
        assert said == outcome.note


def test_who_came_back_was_there():
    """A session that failed says nothing of a principal who had another."""
    assert PASS == ask(check, "a: b: a+1!").decided
