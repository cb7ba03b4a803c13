from __future__ import annotations

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.selftest import trials
from isolation_checks.selftest.nouns import HONEST, Fault

KNOWN = {
    name: Fault(
        name=name,
        sentence="",
        opportunity="query",
        default_rate=0.5,
        signal="W",
        shows_when="",
        needs=needs,
    )
    for name, needs in (
        ("broadcast", ()),
        ("slow_tail", ()),
        ("label_laundering", ("misrouting",)),
        ("pool_residue", ("postgresql",)),
        ("desynced_connection", ("redis",)),
        ("ghost_store", ("workers",)),
    )
}


def chosen(*words, missing=None, databases=("sqlite",), seeds=1):
    wanted = trials.asked_for(words, KNOWN)
    return trials.chosen(
        KNOWN,
        wanted,
        databases=databases,
        missing=missing or {},
        seeds=seeds,
        users=12,
        seconds=10,
    )


def test_without_a_word_every_fault_is_tried_and_none():
    """On every database that was asked for; what only one can show is tried on that one."""
    made, not_run = chosen(databases=("sqlite", "postgresql"))
    assert not not_run
    assert {HONEST, *KNOWN} == {trial.fault for trial in made}
    on = [trial.database for trial in made if trial.fault == "broadcast"]
    assert ["sqlite", "postgresql"] == on
    assert ["postgresql"] == [t.database for t in made if t.fault == "pool_residue"]
    assert len(made) == len({trial.id for trial in made})


def test_what_cannot_be_had_is_said_and_not_skipped():
    """A fault that needs a server that is missing, and a database that is."""
    made, not_run = chosen(
        "broadcast",
        "desynced_connection",
        "pool_residue",
        missing={"redis": "no program", "postgresql": "none either"},
    )
    assert ["broadcast"] == [trial.fault for trial in made]
    assert [
        ("desynced_connection", "it needs redis: no program"),
        ("pool_residue", "it needs postgresql: none either"),
    ] == [(each.fault, each.why) for each in not_run]


@pytest.mark.parametrize(
    ("word", "faults", "rate", "seconds"),
    [
        ("broadcast", ("broadcast=0.5",), 0.5, 10),
        ("broadcast=0.01", ("broadcast=0.01",), 0.01, 10),
        ("slow_tail", ("slow_tail=0.3",), 0.3, 10 + trials.LONGER_SECONDS),
        ("label_laundering", ("label_laundering=0.5", "shared_socket"), 0.5, 10),
        ("none", (), 0.0, 10 * trials.HONEST_TIMES),
    ],
)
def test_a_trial_has_its_rate_its_time_and_its_companions(word, faults, rate, seconds):
    """What was asked for comes first, then what shows in a short drive, then the default."""
    trial = chosen(word)[0][0]
    assert (faults, rate, seconds) == (trial.faults, trial.rate, trial.seconds)


def test_a_trial_stands_on_what_its_fault_needs():
    """Redis and several workers only where they are needed."""
    made, _ = chosen("desynced_connection", "ghost_store", "broadcast", seeds=2)
    stood_on = {trial.fault: (trial.redis, trial.workers) for trial in made}
    assert {
        "desynced_connection": (True, 1),
        "ghost_store": (False, trials.WORKERS),
        "broadcast": (False, 1),
    } == stood_on
    assert [1, 2] == [trial.seed for trial in made if trial.fault == "broadcast"]


def test_the_honest_platform_is_tried_alone_and_with_all_that_others_need():
    """Redis and several workers too, where provocations are had that one process has not."""
    made, _ = chosen(HONEST)
    assert [(False, 1), (True, trials.WORKERS)] == [(t.redis, t.workers) for t in made]
    assert 2 == len({trial.id for trial in made})
    assert {"redis"} <= trials.needs(KNOWN, [HONEST])
    _, not_run = chosen(HONEST, missing={"redis": "no program"})
    assert [(HONEST, "it needs redis: no program")] == [(n.fault, n.why) for n in not_run]


@pytest.mark.parametrize(
    ("word", "said"), [("brodcast", "the nearest known is 'broadcast'"), ("broadcast=x", "rate")]
)
def test_what_makes_no_sense_is_said_so(word, said):
    """A name that is not known, a rate that is none."""
    with pytest.raises(UsageError, match=said):
        trials.asked_for([word], KNOWN)


@pytest.mark.parametrize("rate", ["often", "1.5", "-0.1", "nan"])
def test_a_rate_that_is_none_is_refused_before_anything_is_driven(rate):
    """Every trial of it would have broken."""
    with pytest.raises(UsageError, match="the rate of broadcast must be a number from 0 to 1"):
        trials.asked_for([f"broadcast={rate}"], KNOWN)
