from __future__ import annotations

import math

import pytest
from scipy import stats

from isolation_checks.selftest import mechanisms, scores
from isolation_checks.selftest.nouns import HONEST, Fault, NotRun, Result, Told, Trial
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import Looks
from tests.docs import generated, pages
from tests.reports import samples

FAULT = Fault(
    name="lost_row",
    sentence="",
    opportunity="query",
    default_rate=0.1,
    signal="L",
    shows_when="",
)


def result(seed=1, fault="lost_row", rate=0.1, **said):
    trial = Trial(fault=fault, rate=rate, database="sqlite", seed=seed, seconds=10, users=12)
    return Result(trial=trial, **said)


def seen(*detected, rate=0.1, opportunities=None):
    """The score of trials that were noticed or not."""
    results = [
        result(
            seed,
            rate=rate,
            detecting=("row accounting",) if yes else (),
            opportunities=opportunities,
        )
        for seed, yes in enumerate(detected, 1)
    ]
    [score] = scores.scored({"lost_row": FAULT}, results)
    return score


@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (1, 1), (3, 20), (20, 20), (11, 12)])
def test_the_interval_is_clopper_and_pearsons(hits, trials):
    """Two-sided at 95 %, as scipy has it."""
    golden = stats.binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert (golden.low, golden.high) == pytest.approx(scores.interval(hits, trials))


@pytest.mark.parametrize(
    ("rate", "opportunities", "predicted"),
    [(0.1, 0, 0.0), (0.1, 1, 0.1), (0.05, 59, 1 - 0.95**59), (1.0, 3, 1.0), (0.1, None, None)],
)
def test_what_is_predicted_follows_from_rate_and_chances(rate, opportunities, predicted):
    """`1 − (1 − p)^n`; None where the chances cannot be seen from outside."""
    score = seen(*[True], rate=rate, opportunities=opportunities)
    assert score.predicted == (None if predicted is None else pytest.approx(predicted))


def test_the_fewest_chances_of_several_trials_predict():
    """A prediction that holds for each of them."""
    trials = [result(1, opportunities=7), result(2, opportunities=3)]
    [score] = scores.scored({"lost_row": FAULT}, trials)
    assert (3, pytest.approx(1 - 0.9**3)) == (score.opportunities, score.predicted)


@pytest.mark.parametrize(
    ("detected", "opportunities", "missed"),
    [
        ([False], None, True),  # never noticed
        ([False], 0, True),  # it had no chance: that was not looked at
        ([True], None, False),
        ([True] * 4 + [False] * 16, 400, True),  # it struck in all, and showed in few
        ([True] * 4 + [False] * 16, None, True),  # nobody can say that it did not strike
        ([True] * 4 + [False] * 16, 3, False),  # it struck in about a quarter
        ([True] * 15 + [False] * 5, 400, False),  # striking is not yet showing
        ([True, False], 400, False),  # two trials cannot tell
    ],
)
def test_a_fault_is_missed_where_it_strikes_and_is_seldom_noticed(detected, opportunities, missed):
    """Never at all, or surely in fewer runs than half."""
    assert missed == seen(*detected, opportunities=opportunities).missed


def test_a_score_says_who_noticed_and_when():
    """Over all trials: each check once, and the median time."""
    trials = [
        result(1, detecting=("a",), failed=("a", "z"), first_s=1.0),
        result(2, detecting=("b", "a"), failed=("b", "a"), first_s=4.0),
        result(3, detecting=("a",), failed=("a",), first_s=None),
    ]
    [score] = scores.scored({"lost_row": FAULT}, trials)
    assert (("a", "b"), ("z",), 2.5) == (score.caught, score.other, score.first_s)
    assert ("row accounting",) == score.claimed


LOST, TWICE = "answered, never stored", "written twice"


@pytest.mark.parametrize(
    ("trials", "told", "looks"),
    [
        ([(LOST,)], Told(rightly=1), [(LOST, 1, True)]),
        (  # wrong in nine of twenty is no score of the majority's
            [(LOST,)] * 11 + [(TWICE,)] * 9,
            Told(rightly=11, wrongly=9),
            [(LOST, 11, True), (TWICE, 9, False)],
        ),
        (  # every root counts, wherever it stands
            [(LOST, TWICE), (TWICE, LOST)],
            Told(beside=2),
            [(LOST, 2, True), (TWICE, 2, False)],
        ),
        ([("unknown",), ()], Told(unknown=1), [("unknown", 1, False)]),
        ([("unknown", TWICE)], Told(wrongly=1), [("unknown", 1, False), (TWICE, 1, False)]),
        ([(LOST, "unknown")], Told(beside=1), [(LOST, 1, True), ("unknown", 1, False)]),
        ([()], Told(), []),
    ],
)
def test_what_it_looks_like_is_counted_by_trials_and_over_all_roots(trials, told, looks):
    """Rightly only where every root looks like what it is."""
    [score] = scores.scored(
        {"lost_row": FAULT}, [result(n, mechanisms=roots) for n, roots in enumerate(trials)]
    )
    assert told == score.told
    assert looks == [(look.mechanism, look.trials, look.fits) for look in score.looks]


@pytest.mark.parametrize(
    ("results", "not_run", "code"),
    [
        ([result(fault=HONEST), result(detecting=("a",))], [], 0),
        ([result(fault=HONEST), result()], [], 1),
        ([result(fault=HONEST, failed=("a",)), result(detecting=("a",))], [], 1),
        ([result(fault=HONEST), result(problem="it broke")], [], 4),
        ([result(fault=HONEST)], ["lost_row"], 3),
        (
            [result(fault=HONEST), result(detecting=("a",))],
            ["lost_row"],
            3,
        ),  # on another it was, and this one was asked for
        ([result(detecting=("a",))], [], 3),  # nobody looked whether the innocent are accused
    ],
)
def test_the_exit_code_says_the_worst(results, not_run, code):
    """A miss or a false finding 1, a broken trial 4, something that was not run 3."""
    missing = [NotRun(fault=name, database="postgresql", why="none") for name in not_run]
    whole = scores.whole({"lost_row": FAULT}, results, missing, "crosstalk selftest")
    assert code == whole.exit_code


def test_every_mechanism_that_would_fit_is_one_that_is_known():
    """And every fault that has one is in the catalogue."""
    verdict = pages.read("verdict.md")
    sections = ("Findings", "What a missed time looks like")
    told = {row[0] for name in sections for row in pages.table(pages.section(verdict, name))}
    fitting = {name for names in mechanisms.FITTING.values() for name in names}
    assert not sorted(fitting - told)
    assert not sorted(set(mechanisms.FITTING) - set(generated.FAULTS))
    assert mechanisms.fits(("sent to all",), "sent to all")
    assert mechanisms.fits(("sent to all",), "unknown") is False
    assert mechanisms.fits(None, "unknown") is None
    assert mechanisms.told(None, [("unknown",)]) is None


def test_every_claim_is_found_where_a_check_makes_it():
    """In what it says it catches, and not in what it is blind to."""
    assert "foreign canary in a frame" in scores.claimants("broadcast")
    assert () == scores.claimants("no_such_fault")
    assert math.isclose(1.0, scores.interval(1, 1)[1])


def test_what_a_missed_time_looks_like_counts_where_its_check_claims_the_fault():
    """Objectives fail for reasons of their own on a busy machine: those tell nothing."""
    looks = Looks(mechanism="connects that are served one after another", because="")
    missed = samples.objective("connect", indicator="connect", verdict=Verdict.FAIL, looks=looks)
    judgement = samples.passing(objectives=(missed,))
    assert [looks.mechanism] == list(scores._slow(judgement, ["connect time"]))
    assert [] == list(scores._slow(judgement, ["error budget"]))
