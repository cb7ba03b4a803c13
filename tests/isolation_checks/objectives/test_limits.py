from __future__ import annotations

import pytest

from isolation_checks.loading.samples import Ended, Sample
from isolation_checks.objectives import limits, statements
from isolation_checks.plan.indicators import INDICATORS
from isolation_checks.plan.tables.objectives import Cohort, Objective
from isolation_checks.plan.units import Duration, Limit, Span
from isolation_checks.verdicts.lattice import Verdict

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def p95(**more):
    limit = Limit.of(5, "duration")
    return Objective(indicator="completion", limit=limit, **({"quantile": 0.95} | more))


def sample(due_s=0.0, took_s=1.0, ours=0.0):
    return Sample(due_s, took_s, took_s - ours, finished=True, principal="a", kind="question")


def ended(due_s, *, wrong=False):
    done = None if wrong else due_s
    return Ended(due_s, done, wrong, unsure=False, principal="a", kind="question")


def test_our_own_lateness_never_makes_a_platform_fail():
    """Nor does it let one pass: it is UNKNOWN, and says why."""
    late = limits.of_times(p95(), [sample(took_s=9.0, ours=8.0)] * 100)
    assert (UNKNOWN, 9.0, 1.0, 9.0) == (late.verdict, late.measured, late.lower, late.upper)
    assert "only where our own lateness counts as the platform's" in late.note
    assert FAIL == limits.of_times(p95(), [sample(took_s=9.0, ours=1.0)] * 100).verdict
    every = p95(every=True, quantile=None)
    said = limits.of_times(every, [sample(took_s=6.0, ours=2.0)])
    assert (UNKNOWN, "1 took longer, by our own lateness") == (said.verdict, said.note)


def test_what_was_due_during_the_warm_up_is_no_sample():
    slow = [sample(1.0, 9.0)] * 50
    quick = [sample(11.0, 1.0)] * 59
    assert UNKNOWN != limits.of_times(p95(), slow + quick).verdict
    said = limits.of_times(p95(warm_up=Duration(10)), slow + quick)
    assert (PASS, 59) == (said.verdict, said.samples)
    assert "completion p95 ≤ 5 s, after 10 s" == said.statement


def test_a_window_that_is_bad_is_not_outvoted():
    """Over the whole run 30 slow ones of 1,230 are few; in their ten seconds they are many."""
    steady = [sample(n / 10, 1.0) for n in range(1200)]
    stall = [sample(60 + n / 3, 8.0) for n in range(30)]
    assert PASS == limits.of_times(p95(), steady + stall).verdict
    said = limits.of_times(p95(window=Duration(10)), steady + stall)
    assert (FAIL, 11) == (said.verdict, len(said.windows))
    assert [PASS] * 6 + [FAIL] + [PASS] * 4 == [window.verdict for window in said.windows]
    assert (60.0, 70.0) == (said.windows[6].from_s, said.windows[6].to_s)
    assert "1 of 11 windows" == said.note
    assert "completion p95 ≤ 5 s, in every 10 s" == said.statement


def test_every_window_needs_samples_enough():
    """A window without enough is not taken to be good."""
    said = limits.of_times(p95(window=Duration(10)), [sample(n / 2) for n in range(200)])
    assert (UNKNOWN, 59) == (said.verdict, said.needed)
    assert "9 of 9 windows; too few samples" in said.note


def test_many_windows_do_not_convict_by_chance():
    """One look at 5 % in each of twenty windows would accuse two innocent platforms in three."""
    window = [4.0] * 90 + [6.0] * 10  # 10 of 100 over the limit at p95: 97 % sure of itself alone
    alone = [sample(n / 100, took) for n, took in enumerate(window)]
    assert FAIL == limits.of_times(p95(), alone).verdict
    good = [sample(1 + n / 100, 4.0) for n in range(1900)]
    said = limits.of_times(p95(window=Duration(1)), alone + good)
    assert (UNKNOWN, UNKNOWN) == (said.verdict, said.windows[0].verdict)


def test_shares_are_judged_in_windows_too():
    budget = Objective(indicator="error_share", limit=Limit.of(0.1, "share"), window=Duration(30))
    bad = [ended(45 + n / 10, wrong=True) for n in range(40)]
    good = [ended(n / 2) for n in range(181)]
    said = limits.of_shares(budget, good + bad)
    assert [PASS, FAIL, PASS] == [window.verdict for window in said.windows]
    assert (FAIL, "errors ≤ 10 %, in every 30 s") == (said.verdict, said.statement)


@pytest.mark.parametrize(
    ("a_second", "answered", "verdict"),
    [
        (20, 1.0, PASS),
        (20, 0.4, FAIL),
        (20, 0.5, UNKNOWN),  # too near to the limit
        (5, 1.0, UNKNOWN),  # nobody asked for more
        (5, 0.1, UNKNOWN),
    ],
)
def test_throughput_is_missed_only_where_enough_was_asked_for(a_second, answered, verdict):
    """A load below the limit cannot show whether the platform would have kept it."""
    many = Objective(indicator="throughput", limit=Limit.of(10, "rate"))
    queries = [
        ended(n / a_second, wrong=(n * answered) % 1 >= answered) for n in range(60 * a_second)
    ]
    said = limits.of_rates(many, queries)
    assert (verdict, "throughput ≥ 10/s", "per_s") == (said.verdict, said.statement, said.unit)
    assert UNKNOWN == limits.of_rates(many, []).verdict


def test_an_objective_says_of_whom_it_speaks():
    cohort = Cohort(tenant="tenant-2", kind="question", phase=Span(10, 40))
    said = statements.statement(p95(cohort=cohort))
    assert "completion p95 ≤ 5 s, of tenant-2, question, 10 s to 40 s" == said


def test_every_indicator_says_what_it_means_and_what_to_do():
    """One sentence each, and both stand beside what was measured."""
    for indicator in INDICATORS.values():
        for sentence in (indicator.meaning, indicator.advice):
            assert sentence.endswith(".")
            assert 1 == sentence.count(".")
    said = limits.of_times(p95(), [])
    assert INDICATORS["completion"].meaning == said.meaning
    assert INDICATORS["completion"].advice == said.advice
