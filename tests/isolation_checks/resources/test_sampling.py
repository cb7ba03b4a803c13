from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from isolation_checks.errors import HarnessError
from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading import resources
from isolation_checks.plan import read
from isolation_checks.resources import sampling
from isolation_checks.resources.source import Level, UnreachableError
from tests.isolation_checks.plan.test_together import BASE, laid


def planned(**asked):
    return read.parse("", "a plan", laid({"resources": asked}, BASE))


def test_a_source_that_hangs_or_breaks_keeps_no_other_waiting(tmp_path):
    """What they say of themselves stands in the run; a secret in an error's words does not."""
    released, began_ns = threading.Event(), time.monotonic_ns()
    calls = iter(range(100))

    def steady():
        return [Level(resource="cpu", unit="cores", value=float(next(calls)), counts=True, most=2)]

    def away():
        raise UnreachableError("it does not answer")

    def broken():
        raise RuntimeError("postgresql://me:hush@x")

    def hangs():
        released.wait()
        return []

    named = {"processes": steady, "database": away, "prometheus": broken, "other": hangs}
    waits = iter([False, False, False, True])

    def wait(seconds):
        time.sleep(seconds)
        return next(waits)

    run = RunDirectory(tmp_path)
    sampling.sample(named, run.resources, 0.02, wait)
    released.set()
    asked = {
        "every": "20ms",
        "processes": {"pids": [1]},
        "prometheus": [
            {"name": name, "url": "http://127.0.0.1:1/", "metrics": [{"name": "up"}]}
            for name in ("prometheus", "other")
        ],
        "database": {"url": "env:X"},
    }
    found = resources.load(run, planned(**asked), began_ns)
    assert ("processes", "cpu", 2) == (
        found.series[0].source,
        found.series[0].resource,
        found.series[0].most,
    )
    assert found.series[0].mean(0, 1) == pytest.approx(50, rel=0.5)  # one in every 20 ms
    assert (
        "other: it was never sampled",
        "database could not be sampled ever: it does not answer",
        "prometheus could not be sampled ever: it cannot be read (RuntimeError)",
    ) == found.missing
    assert b"hush" not in (run.resources / "samples.arrow").read_bytes()


def test_a_run_is_not_sampled_twice(tmp_path):
    sampling.sample({}, tmp_path / "resources", 1.0, lambda _: True)
    with pytest.raises(HarnessError):
        sampling.sample({}, tmp_path / "resources", 1.0, lambda _: True)


def test_a_plan_names_its_sources():
    """The database is that of the rows, where it has none of its own."""
    plan = planned(processes={"ports": [8000]}, database={"url": "env:METRICS_URL"})
    assert ["processes", "database"] == list(sampling.sources(plan))
    assert {} == sampling.sources(SimpleNamespace(resources=None))
