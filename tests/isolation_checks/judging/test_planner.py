from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest

from isolation_checks.judging import forecasts, fullness, planner, scaling, steps
from isolation_checks.judging.forecasts import Found, Wanted
from isolation_checks.judging.steps import Held
from isolation_checks.loading.resources import Sampled, Series
from isolation_checks.verdicts import capacity
from isolation_checks.verdicts.capacity import Estimate
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
EVERY = {"objectives": [{"indicator": "completion", "limit": "1s", "every": True}]}


def climb(*steps, plan=EVERY):
    """A run of steps, each told as `users, seconds that every answer takes, more words`."""
    script, held, at_s = [], [], 1.05  # between two words
    query = 0
    for number, (users, takes, *more) in enumerate(steps, 1):
        from_s = at_s
        for _ in range(4):
            query += 1
            script += [f"a?q{query},A{query}", f"+{takes}s", f"a:q{query},A{query}", f"a!q{query}"]
            at_s += 0.4 + takes
        for word in more:
            script.append(word)
            at_s += 0.1
        held.append(
            Held(
                number=number, users=users, confirms=False, began_s=from_s, from_s=from_s, to_s=at_s
            )
        )
    return told(" ".join(script), plan=plan), held


def test_the_largest_load_that_was_borne_lies_below_the_smallest_that_was_not():
    """Each step is a run of its own; what breaks at one does not spoil the others."""
    run, held = climb((5, 0.1), (10, 0.2), (20, 3), (40, 5))
    found = planner.capacity(run, held)
    assert [PASS, PASS, FAIL, FAIL] == [step.verdict for step in found.steps]
    assert (10, 20, False) == (found.within, found.breached, found.confirmed)
    assert "10 users within every objective" in found.headline
    assert "20 were too many" in found.headline
    assert [4, 4, 4, 4] == [step.queries for step in found.steps]


def test_in_an_open_workload_the_capacity_is_a_rate():
    """Users there are only a way to say how much comes; nobody waits for anybody."""
    model = {"model": "open", "rate": "0.5/s per user"}
    run, held = climb((5, 0.1), (10, 0.2), (20, 3), plan=EVERY | {"workload": model})
    found = planner.capacity(run, held)
    assert "10 users, who asked 1.67 queries a second, within every objective" in found.headline
    assert found.law is None
    assert found.knee is None


def test_a_load_that_was_borne_above_one_that_was_not_is_not_claimed():
    run, held = climb((5, 0.1), (10, 3), (20, 0.1))
    assert (5, 10) == (
        planner.capacity(run, held).within,
        planner.capacity(run, held).breached,
    )


def test_a_generator_that_was_late_shows_nothing():
    """Neither that the load was borne nor that it was too much."""
    run, held = climb((5, 0.1), (10, 3))
    for query in run.history.queries.values():
        query.due_s -= 0.5
    held = [Held(**{n: getattr(h, n) for n in h.__slots__} | {"from_s": 0.0}) for h in held[:1]]
    found = planner.capacity(run, held)
    assert (UNKNOWN, False, None) == (
        found.steps[0].verdict,
        found.steps[0].trusted,
        found.within,
    )
    assert "the generator did not keep up" in found.steps[0].note


def test_from_which_load_on_isolation_breaks():
    """Bleeds are counted where they were seen, for each thousand queries of the step."""
    run, held = climb((5, 0.1), (10, 0.1, "b:A1"), (20, 0.1, "b:A2", "b:A3"))
    found = planner.capacity(run, held)
    assert [0, 1, 2] == [step.bleeds for step in found.steps]
    assert (10, 5) == (found.bleeding.users, found.bleeding.borne)
    many = climb((5, 0.1, *("b:A1" for _ in range(9))))
    assert 1000.0 == planner.capacity(*many).steps[0].bleeds_per_thousand.value  # and no more
    # none of four: fewer than 1 − 0.025^(1/4) of them, at 97.5 %
    assert pytest.approx(602.4, rel=0.001) == found.bleeding.below
    rate = found.steps[1].bleeds_per_thousand
    assert (250.0, True) == (rate.value, rate.lower < 250 < rate.upper)


def test_what_was_not_measured_is_refused():
    """Three loads give no law; a peak above them is not answered with a number."""
    run, held = climb((5, 0.1), (10, 0.1), (20, 0.1))
    found = planner.capacity(run, held, Wanted(peak=500, replicas=1, think_s=2.0))
    assert any(sentence.startswith("no scalability law") for sentence in found.refused)
    peak, replica, pauses = found.answers
    assert "not shown: 500 users were never driven, at most 20 were" == peak.because
    assert (20, 40) == (replica.users.lower, replica.users.upper)
    assert replica.assumes
    # answers take 0.4 s and pauses 0.5 s: with pauses of 2 s (0.4 + 2) / (0.4 + 0.5) as many
    assert 20 * 2.4 / 0.9 == pytest.approx(pauses.users.value, rel=0.05)


def test_capacity_is_read_back_as_it_was_written():
    """With a law in it, whose numbers come from numpy."""
    run, held = climb(*((n, 0.1 * n) for n in (1, 2, 3, 4, 5)))
    found = planner.capacity(run, held)
    assert found.law is not None
    assert found == capacity.decode(capacity.encode(found))


def test_while_it_goes_on_a_step_is_judged_from_what_was_written_down():
    """And said to drown where most of what ended went wrong."""
    bad = [f"a?q{n} a!q{n}=timeout" for n in range(1, 31)]
    run = told(" ".join(bad), plan=EVERY)
    step = Held(number=1, users=5, confirms=False, began_s=0.0, from_s=0.0, to_s=100.0)
    judged, drowning = steps.shown(run.history, step)
    assert (True, 30) == (drowning, judged.queries)
    run, held = climb((5, 0.1))
    judged, drowning = steps.shown(run.history, held[0])
    assert (PASS, False) == (judged.verdict, drowning)


def test_good_answers_are_those_within_every_objective_on_a_time():
    """Of four answers in each step all are good, or those of another kind only, or none."""
    slow = {"indicator": "completion", "limit": "500ms", "quantile": 0.5}
    first = {"indicator": "first_event", "limit": "5s", "every": True}
    run, held = climb((5, 0.1), (10, 0.4), plan={"objectives": [slow, first]})
    found = planner.capacity(run, held).steps
    assert [True, True] == [step.throughput.value > 0 for step in found]
    assert found[0].throughput == found[0].goodput
    assert 0 == found[1].goodput.value
    other = slow | {"cohort": {"role": "observer"}}
    run, held = climb((5, 0.1), (10, 0.4), plan={"objectives": [other, first]})
    found = planner.capacity(run, held).steps[1]
    assert found.throughput == found.goodput


def test_the_law_is_that_of_users_and_not_of_those_who_provoke():
    """The cast's queries are load that does not grow with users; they are counted apart."""
    run, held = climb(*((n, 0.1 * n) for n in (1, 2, 3, 4, 5)))
    before = planner.capacity(run, held)
    assert before.steps[0].throughput == before.steps[0].own
    shown = Found(within=None, confirmed=False, breached=None)
    assert () == forecasts.answers(steps.seen(run), before.steps, shown, Wanted())
    [whose] = {query.principal for query in run.history.queries.values()}
    principal = run.history.principals[whose]
    run.history.principals[whose] = dataclasses.replace(principal, role="twin")
    after = planner.capacity(run, held)
    assert 0 == after.steps[0].own.value
    assert after.law is None


@pytest.mark.parametrize(
    ("peak", "said"),
    [
        (9, "yes: 11% more than that"),
        (15, "not shown: it lies between 10, which were borne, and 20, too many"),
        (25, "no: 20 were too many already"),
        (20, "no: 20 were too many already"),
    ],
)
def test_a_peak_between_what_was_borne_and_what_was_too_much_is_not_answered(peak, said):
    """Neither yes nor no was shown of it."""
    run, held = climb((10, 0.1), (20, 3), (40, 3))
    [first, *_] = planner.capacity(run, held, Wanted(peak=peak)).answers
    assert first.because.startswith(said)


def test_how_full_the_platform_was_is_said_where_it_matters():
    """At the knee, at what was borne, at what was too much; and who filled the machine."""
    loads = ((5, 0.1), (10, 0.2), (20, 3))
    run, held = climb(*loads)
    [why] = fullness.unsampled(run.history)
    assert why.startswith("the platform's resources were not asked for")
    assert () == planner.capacity(run, held).fullest
    run, held = climb(*loads, plan=EVERY | {"resources": {"processes": {"pids": [1]}}})

    def series(name, *levels, most=2.0, unit="cores"):
        return Series(
            source="processes", resource=name, unit=unit, most=most,
            from_s=np.array([each.from_s for each in held]),
            to_s=np.array([each.to_s for each in held]), level=np.array(levels),
        )  # fmt: skip

    memory = series("memory", 1e6, 2e6, 3e9, unit="bytes", most=8e9)
    waits = series("pool waits", 0.0, 0.1, 12.5, unit="per_s", most=None)
    run.history.resources = Sampled(
        series=(series("cpu", 0.5, 1.0, 1.94), memory, waits), missing=("database: away",)
    )
    found = planner.capacity(run, held)
    borne, broke = (said.partition(": ") for said in found.fullest)
    assert "at 10 users, the most within every objective" == borne[0]
    assert "at 20 users, the fewest that were too many" == broke[0]
    assert "CPU 50% of 2 cores, memory 2 MB, pool waits 0.1/s" == borne[2]
    assert "CPU 97% of 2 cores, memory 3 GB, pool waits 12.5/s" == broke[2]
    assert ("database: away",) == found.unsampled
    assert pytest.approx(1.94) == found.steps[2].resources[0].mean
    assert found == capacity.decode(capacity.encode(found))
    full = series("cpu of the machine", 2.0, 2.0, 2.0)
    run.history.resources = Sampled(series=(series("cpu", 0.2, 0.4, 0.5), full))
    found = planner.capacity(run, held)
    assert "the platform had 20% of it" in found.fullest[-1]
    assert any("what was full at 10 users" in each for each in found.answers[0].assumes)


@pytest.mark.parametrize(("last", "peak"), [(40.0, False), (10.0, True)])
def test_a_peak_is_claimed_only_where_throughput_was_seen_to_fall(last, peak):
    """A law bends down to meet what is level; that is no peak."""
    run, held = climb((5, 0.1))
    [step] = planner.capacity(run, held).steps
    loads = ((2, 6.6), (4, 13.3), (6, 20.0), (9, 30.0), (12, 40.0), (20, 40.0), (40, last))
    judged = [
        msgspec.structs.replace(step, users=users, own=Estimate(value=rate, lower=rate - 2,
                                upper=rate + 2), throughput=Estimate(value=rate, lower=0, upper=99))
        for users, rate in loads
    ]  # fmt: skip
    law, knee, refused = scaling.law(run.history.plan, judged)
    assert peak or knee.value == pytest.approx(12, rel=0.25)  # where 40/s are reached
    assert peak is (law.peak is not None)
    assert peak is not any("no peak of the throughput was seen" in each for each in refused)
