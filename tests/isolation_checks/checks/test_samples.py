from __future__ import annotations

import pytest

from isolation_checks.checks.samples import asked_in, judged
from isolation_checks.loading.samples import Sample, Samples
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def outcome(finished, unfinished=(), **objective):
    plan = {"objectives": [{"indicator": "completion", "limit": "5s", **objective}]}
    taken = [(took, True) for took in finished] + [(took, False) for took in unfinished]
    samples = tuple(Sample(0.0, took, took, done, "a", "question") for took, done in taken)
    return judged(told("", plan=plan), "completion", Samples(all=samples))


@pytest.mark.parametrize(
    ("finished", "unfinished", "verdict", "measured"),
    [
        ([], [], UNKNOWN, None),
        ([1, 5], [], PASS, 5.0),
        ([1, 5.1], [], FAIL, 5.1),
        ([1], [4.9], UNKNOWN, None),
        ([1], [5.1], FAIL, None),
    ],
)
def test_every_is_a_statement_about_these_samples(finished, unfinished, verdict, measured):
    """The slowest of them; none, where one never finished."""
    [said] = outcome(finished, unfinished, every=True).objectives
    assert (verdict, measured) == (said.verdict, said.measured)
    assert (None, None) == (said.lower, said.upper)


def test_a_quantile_is_judged_by_its_bounds():
    """Within the upper one PASS, beyond the lower one FAIL, between them UNKNOWN."""
    assert PASS == outcome([1.0] * 59, quantile=0.95).decided
    assert UNKNOWN == outcome([1.0] * 58, quantile=0.95).decided
    assert FAIL == outcome([6.0] * 59, quantile=0.95).decided
    assert UNKNOWN == outcome([1.0] * 59, [1.0] * 4, quantile=0.95).decided


def test_the_distribution_has_the_limit_of_the_quantile():
    """A picture needs one limit: that at a quantile, where there is one."""
    latency = outcome([1.0], quantile=0.95).latency
    assert (5.0, 0.95) == (latency.limit_s, latency.limit_quantile)
    assert (5.0, None) == (
        outcome([1.0], every=True).latency.limit_s,
        outcome([1.0], every=True).latency.limit_quantile,
    )


def test_an_indicator_is_asked_for_by_an_objective():
    """By no default of ours."""
    plan = told("").history.plan
    assert None is asked_in(plan, "completion")
    assert "no objective for authenticated, gap between events, tool call, throughput" == asked_in(
        plan, "gap"
    )
