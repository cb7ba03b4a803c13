"""The sampler as a process of its own: it ends with us, and seals what it saw."""

from __future__ import annotations

import os
import time

from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.loading import resources
from isolation_checks.plan import read
from locustfiles.driving.sampler import Sampler
from tests.isolation_checks.plan.test_together import parsed

PLAN = parsed(resources={"every": "50ms", "processes": {"pids": [os.getpid()]}})
LIMIT_SECONDS = 60


def described(folder, plan):
    run = RunDirectory(folder / "run")
    add_json(run.description, {"plan": read.encode(plan), "started_ns": time.monotonic_ns()})
    return run


def test_it_samples_until_it_is_ended_and_leaves_a_seal(tmp_path):
    """Twice ended is ended."""
    run = described(tmp_path, PLAN)
    sampler = Sampler(run, PLAN)
    stream, limit = run.resources / "samples.arrow", time.monotonic() + LIMIT_SECONDS
    while not stream.exists() or stream.stat().st_size < 3_000:
        assert time.monotonic() < limit
        time.sleep(0.02)
    sampler.end()
    sampler.end()
    found = resources.load(run, PLAN, run.describe()["started_ns"])
    assert () == found.missing
    assert ["cpu", "memory", "cpu of the machine"] == [each.resource for each in found.series]
    memory = found.series[1]
    assert 1e6 < (memory.mean(0, LIMIT_SECONDS) or 0) < 1e11


def test_where_nothing_is_asked_for_nothing_is_started(tmp_path):
    plan = parsed()
    run = described(tmp_path, plan)
    Sampler(run, plan).end()
    assert not run.resources.exists()


def test_one_that_cannot_begin_is_missed_and_nothing_else(tmp_path):
    """A run that is not there: it says so on standard error, and the drive goes on."""
    sampler = Sampler(RunDirectory(tmp_path / "nowhere"), PLAN)
    sampler.end()
    found = resources.load(RunDirectory(tmp_path / "nowhere"), PLAN, 0)
    assert ("nothing was sampled: the sampler never began",) == found.missing
