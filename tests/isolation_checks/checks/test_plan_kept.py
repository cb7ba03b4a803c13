from __future__ import annotations

import narwhals.stable.v2 as nw
import pytest

from isolation_checks.checks.plan_kept import plan_kept as check
from isolation_checks.loading.history import Health, Provocation
from isolation_checks.records import SessionId
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import told
from tests.isolation_checks.recording import ENGINES

PASS, UNKNOWN = Verdict.PASS, Verdict.UNKNOWN
SCRIPT = " ".join(f"a?q{n} a:q{n} a!q{n}" for n in range(1, 41))


@pytest.fixture(params=ENGINES)
def run(request):
    """A run of forty queries with a frame each, on either engine, all on time."""
    return told(SCRIPT, request.param)


def delay(run, queries):
    """Have so many queries sent a second late."""
    for query in list(run.history.queries.values())[:queries]:
        query.due_s -= 1.0


@pytest.mark.parametrize(("late", "verdict"), [(0, PASS), (2, PASS), (3, UNKNOWN), (40, UNKNOWN)])
def test_few_queries_may_be_sent_late(run, late, verdict):
    """One in twenty may; a generator that is later measures its own queue."""
    delay(run, late)
    outcome = check(run)
    assert (verdict, 40, late) == (outcome.decided, outcome.examined, outcome.total)


@pytest.mark.parametrize(("late_s", "verdict"), [(0.2, PASS), (0.3, UNKNOWN)])
def test_few_frames_may_have_waited_for_us(run, late_s, verdict):
    """A bound on our own delay stands beside every frame."""
    run.frames = run.frames.with_columns(nw.lit(late_s).alias("late_s"))
    assert verdict == check(run).decided


def test_frames_that_we_did_not_read_on_purpose_are_not_our_lateness(run):
    """A slow reader is a provocation: its session says nothing of the generator."""
    late = nw.when(nw.col("session") == 1).then(nw.lit(2.0)).otherwise(nw.lit(0.0))
    run.frames = run.frames.with_columns(late.alias("late_s"))
    assert UNKNOWN == check(run).decided
    act = Provocation(
        kind="slow_reader", principal="a", other=None, detail=None, at_s=1.0, session=SessionId(1)
    )
    run.history.provocations.append(act)
    assert PASS == check(run).decided


def test_the_note_says_how_late_and_how_long_the_loop_took(run):
    """What one would have to look at."""
    delay(run, 4)
    run.history.health.append(Health(process="p0", at_s=1.0, stall_s=0.7, run_delay_s=None))
    assert (
        "10.0% of the queries were sent, and 0.0% of the frames read, more than 0.25 s late; "
        "at worst 1.00 s, the loop's longest round 0.70 s"
    ) == check(run).note


@pytest.mark.parametrize("engine", ENGINES)
def test_a_generator_that_sent_nothing_was_not_on_time(engine):
    """Nothing examined is unknown."""
    outcome = check(told("", engine))
    assert (UNKNOWN, "no query was asked") == (outcome.decided, outcome.note)
