from __future__ import annotations

import pytest

from isolation_checks.checks.users_overlapped import users_overlapped as check
from isolation_checks.judging.verdict import Verdict
from tests.isolation_checks.language import ask

PASS, UNKNOWN = Verdict.PASS, Verdict.UNKNOWN
MET = "a?q1,A1 b?q2,B1 a:q1,A1 b:q2,B1 a!q1 b!q2"
APART = "a?q1,A1 a:q1,A1 a!q1 b?q2,B1 b:q2,B1 b!q2"


@pytest.mark.parametrize(
    ("script", "verdict", "opportunities"),
    [
        ("", UNKNOWN, 0),  # silence proves nothing
        ("a?q1 b?q2", UNKNOWN, 0),  # asked and never answered
        (MET, PASS, 2),
        (APART, UNKNOWN, 0),  # they took turns
        ("a?q1,A1 a?q2,A2 a:q1,A1 a:q2,A2 a!q1 a!q2", UNKNOWN, 0),  # one principal alone
        ("a?q1,A1 b?q2,B1 a:q1 b:q2,B1 a!q1 b!q2", PASS, 1),  # a's answer echoed nothing
        ("a?q1,A1 b?q2,B1 a:q1,B1 b:q2,B1 a!q1 b!q2", PASS, 1),  # nor is a foreign word an echo
        ("a?q1,A1 b?q2,B1 a:q1,A1 b:q2,B1^ a!q1 b!q2", PASS, 1),  # an earlier run's is none
        ("a?q1,A1 b?q2,B1 a:q1,A9~ b:q2,B1 a!q1 b!q2", PASS, 1),  # nor is one nobody was given
        ("a?q1,A1 b?q2,B1 a:q1,A1 b:q2,B1 a!q1=timeout b!q2", PASS, 1),  # no answer, no chance
        ("a?q1,A1 b?q2 a:q1,A1 a!q1 b!q2=unsent", UNKNOWN, 0),  # b's was never sent
    ],
)
def test_an_opportunity_is_an_echo_while_a_stranger_was_served(script, verdict, opportunities):
    """An answer that held its own principal's canary while another's query was open."""
    outcome = ask(check, script)
    [overlap] = outcome.opportunities
    assert (verdict, opportunities) == (outcome.decided, overlap.count)
    assert ("overlap", 0) == (overlap.name, overlap.seen)


def test_the_number_that_is_still_needed_is_named():
    """299 opportunities put the rate under one percent; two are 297 too few."""
    [overlap] = ask(check, MET).opportunities
    assert (0.01, 297) == (overlap.wanted, overlap.needed)
    [none] = ask(check, "").opportunities
    assert (None, 299) == (none.bound, none.needed)
    [modest] = ask(check, MET, plan={"isolation": {"bound": 0.8}}).opportunities
    assert modest.needed is None
    assert modest.bound < 0.8


def test_mates_who_share_are_no_strangers():
    """Where a tenant may see its answers, meeting a mate is no chance for anything to show."""
    mates = {
        "tenants": {"a": "blue", "b": "blue"},
        "plan": {"sharing": [{"scope": "user"}, {"scope": "tenant"}]},
    }
    assert 0 == ask(check, MET, **mates).opportunities[0].count
    assert 2 == ask(check, MET, tenants=mates["tenants"]).opportunities[0].count
    others = mates | {"tenants": {"a": "blue", "b": "red"}}
    assert 2 == ask(check, MET, **others).opportunities[0].count


def test_two_tokens_of_one_user_do_not_meet():
    """They speak for the same one."""
    how = {
        "subjects": {"a": "user-0042", "b": "user-0042"},
        "plan": {"auth": {"source": "file", "path": "tokens.txt"}},
    }
    assert 0 == ask(check, MET, **how).opportunities[0].count


def test_times_of_two_machines_are_not_compared():
    """Overlap counts only where one clock saw both."""
    assert 0 == ask(check, MET, elsewhere="b").opportunities[0].count


def test_a_streamed_echo_counts():
    """An answer that comes in pieces holds the canary all the same."""
    script = "a?q1,A1 b?q2,B1 a:q1,/delta,A1<5 a:q1,/delta,A1>5 b:q2,B1 a!q1 b!q2"
    assert 2 == ask(check, script).opportunities[0].count
