from __future__ import annotations

import pytest

from isolation_checks.checks.connect_time import connect_time as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def objective(**how):
    return {"plan": {"objectives": [{"indicator": "connect", "limit": "2s", **how}]}}


@pytest.mark.parametrize(
    ("script", "verdict", "samples"),
    [
        ("", UNKNOWN, 0),  # nobody connected
        ("a: b:", PASS, 2),
        ("a+2", PASS, 2),  # the limit itself is within it
        ("a+2.1", FAIL, 2),
        ("a+5!", FAIL, 2),  # it failed after more than the limit
        ("a+1!", UNKNOWN, 2),  # it failed before: nobody knows how long it would have taken
        ("a+1? b:", PASS, 2),  # cut off while it was young: counted apart
        ("a+5? b+", FAIL, 4),  # still opening when others, later, were ready
        ("a%", PASS, 1),  # HTTP is not a session
    ],
)
def test_every_session_must_be_usable_in_time(script, verdict, samples):
    """From due to ready; what never became ready is never dropped to its advantage."""
    outcome = ask(check, script, **objective(every=True))
    [said] = outcome.objectives
    assert (verdict, verdict) == (outcome.decided, said.verdict)
    assert samples == said.samples == outcome.examined


def test_what_was_cut_off_young_is_mentioned():
    """It is counted apart, not away."""
    outcome = ask(check, "a+1? b:", **objective(every=True))
    assert outcome.note.startswith("1 were given up while they opened")


def test_connects_that_we_made_all_at_once_are_not_the_platforms_alone():
    """Our own queue is in what they took: they are counted apart, however long they took."""
    outcome = ask(check, "a+5^ b+0.1", **objective(every=True))
    assert (PASS, 3) == (outcome.decided, outcome.examined)
    assert outcome.note.startswith("1 were given up while they opened, or were made all at once")


def test_a_quantile_counts_failures_as_infinite():
    """59 quick ones do for p95; with one of them failed they do not."""
    quick = " ".join(["a+"] * 58)
    assert PASS == ask(check, f"a: {quick}", **objective(quantile=0.95)).decided
    [said] = ask(check, f"a: {quick} a+1!", **objective(quantile=0.95)).objectives
    assert (UNKNOWN, 1, 60) == (said.verdict, said.censored, said.samples)


def test_the_distribution_is_drawn_from_the_same_samples():
    """Quantiles end where sessions never became ready."""
    latency = ask(check, "a+1 a+3!", **objective(every=True)).latency
    assert ("connect", 3, 1, 2.0) == (
        latency.phase,
        latency.samples,
        latency.censored,
        latency.limit_s,
    )
    assert (0.0, 1.0, None) == (
        latency.quantiles_s[0],
        latency.quantiles_s[50],
        latency.quantiles_s[-1],
    )


def test_without_an_objective_it_is_not_asked():
    """The plan says which limits matter."""
    other = {"objectives": [{"indicator": "completion", "limit": "5s", "every": True}]}
    assert "connect" in check.not_asked(told("", plan=other).history.plan)
    assert None is check.not_asked(told("").history.plan)


def test_a_promise_that_was_broken_is_quoted():
    """An objective may stand for an agreement."""
    promised = objective(every=True, agreement="connects within 2 s")
    [said] = ask(check, "a+3", **promised).objectives
    assert "SLA breach: connects within 2 s; 1 of 2 took longer" == said.note
