from __future__ import annotations

import pytest

from isolation_checks.checks.session_ids import session_ids_differ as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
OPENS = "/connection_established"


@pytest.mark.parametrize(
    ("script", "verdict", "found"),
    [
        ("", UNKNOWN, ()),
        ("a: b:", UNKNOWN, ()),  # a platform that tells nobody the id that the plan promises
        (f"a:{OPENS},$7 b:{OPENS},$8", PASS, ()),
        (f"a:{OPENS},$7 b:{OPENS},$7", FAIL, (("a", "b"),)),
        (f"a:{OPENS},$7 a+ a:{OPENS},$7", PASS, ()),  # one's own session, found again
        (f"a:{OPENS},$7 b:{OPENS},$7 c:{OPENS},$7", FAIL, (("a", "b"),)),  # one id, one finding
        (f"a:{OPENS},$n1 b:{OPENS},$n2", PASS, ()),
        (f"a:{OPENS},$n1 b:{OPENS},$n1", UNKNOWN, ()),  # each may count its own
        (f"a:{OPENS},$n1 b:{OPENS},$n1 a+ a:{OPENS},$7 b+ b:{OPENS},$7", FAIL, (("a", "b"),)),
        (f"a:{OPENS},$n1795372800 b:{OPENS},$n1795372800", FAIL, (("a", "b"),)),  # a second's
        ("a:/thinking,$7 b:/thinking,$7", UNKNOWN, ()),  # not where sessions are opened
    ],
)
def test_no_two_principals_sessions_have_the_same_id(script, verdict, found):
    """Silence is unknown, and only events that open sessions are read."""
    outcome = ask(check, script)
    assert verdict == outcome.decided
    assert found == tuple((f.victim, f.recipient) for f in outcome.found)


def test_the_witness_is_both_openings():
    """In the order in which they came."""
    [found] = ask(check, f"a:{OPENS},$7 b:{OPENS},$7").found
    assert ["a", "b"] == [moment.who for moment in found.witness()]
    assert "b's session got the id that a's session has" == found.sentence


def test_a_dialect_that_does_not_say_where_ids_stand_does_not_ask():
    """The plan's word, not an excuse found afterwards."""
    silent = told("", plan={"dialect": {"extends": "reference", "where": {"session": []}}})
    assert "does not say where" in check.not_asked(silent.history.plan)
    assert None is check.not_asked(told("").history.plan)
