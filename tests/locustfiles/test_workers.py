"""Several processes drive one run: who counts, who comes late, who ends too early."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from isolation_checks.verdicts.lattice import Verdict
from tests.locustfiles import drives

pytestmark = pytest.mark.slow
CRASHING = """
import os

from locust import events
from locust.runners import WorkerRunner

exec(compile(open({agents!r}).read(), {agents!r}, "exec"))


@events.init.add_listener
def crash(environment, runner, **_):
    if isinstance(runner, WorkerRunner) and runner.worker_index == 1:
        os._exit(1)
"""


def test_a_late_worker_counts_and_a_stray_one_does_not(tmp_path):
    """Who was started for this master is sealed with the rest; who was not is sent away."""
    port, own = str(drives.free_port()), str(drives.free_port())
    find = ("--worker", "--master-host", "127.0.0.1", "--master-port")
    load = ("-u", "4", "-r", "4", "-t", "10m")
    listen = ("--master", "--expect-workers", "1", "--master-bind-port", port)
    master = drives.headless(tmp_path / "master", *load, *listen)
    runs = master.runs
    early = drives.Drive(tmp_path / "early", *find, port, runs=runs)
    forked = drives.headless(
        tmp_path / "forked",
        *(*load, "--processes", "2", "--master-bind-port", own, "--master-port", own),
    )
    late = stray = None
    with drives.side_by_side(master, early, forked):
        drives.until(lambda: master.all_runs() and drives.frames(master.run) > 20)
        late = drives.Drive(tmp_path / "late", *find, port, runs=runs)
        drives.until(lambda: forked.all_runs() and drives.frames(forked.run) > 20)
        stray = drives.Drive(tmp_path / "stray", *find, own, runs=forked.runs)
        with drives.side_by_side(late, stray):
            assert stray.ended() == 4, stray.output
            drives.until(lambda: len(master.run.processes()) == 2)
            drives.until(lambda: all(drives.frames(master.run, p) for p in master.run.processes()))
            for drive in (master, forked):
                drive.process.send_signal(drives.TERMINATE)
            assert master.ended() in (0, 3), master.output
            assert forked.ended() in (0, 3), forked.output
            assert [0, 0] == [early.ended(), late.ended()]
    assert "a master that did not start this worker" in stray.output
    for drive in (master, forked):
        assert len(drive.run.processes()) == 2
        assert set(drive.run.processes()) == drives.sealed(drive.run)
        assert drives.complete(drive.run) is Verdict.PASS, drive.output
        assert not any(map(drives.lives, drives.pids(drive.run)))
    assert len(master.run.describe()["expected"]) == 1
    assert len(forked.run.describe()["expected"]) == 2


def test_a_worker_that_crashes_before_it_came_ends_the_drive_with_four(tmp_path):
    """At once, and nothing is left running; Locust itself would wait for ever."""
    scenario = tmp_path / "crashing.py"
    scenario.write_text(CRASHING.format(agents=str(drives.AGENTS)), encoding="utf-8")
    drive = drives.headless(
        tmp_path, "-u", "2", "-r", "2", "-t", "60s", "--processes", "2", scenario=scenario
    )
    with drives.side_by_side(drive):
        assert drive.ended() == 4, drive.output
    assert "not all workers came: one ended before it came" in drive.output
    assert not [run for run in drive.all_runs() if drives.frames(run)]
    drives.until(lambda: not started_in(tmp_path))


def started_in(folder):
    """Processes whose working directory is a drive's."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if place.readlink() == folder and drives.lives(int(place.parent.name)):
                found.append(place.parent.name)
    return found


def test_a_locust_that_is_killed_leaves_nothing_running(tmp_path):
    """What was flushed can be judged: UNKNOWN alone, whole where workers could still seal."""
    load = ("-u", "4", "-r", "4", "-t", "10m")
    alone = drives.headless(tmp_path / "alone", *load)
    forked = drives.headless(tmp_path / "forked", *load, "--processes", "2")
    with drives.side_by_side(alone, forked):
        for drive in (alone, forked):
            drives.until(lambda drive=drive: drive.all_runs() and drives.frames(drive.run) > 40)
        flushed = drives.frames(alone.run)
        for drive in (alone, forked):
            drive.process.send_signal(drives.KILL)
            drive.ended()
    for drive in (alone, forked):
        drives.until(lambda drive=drive: not drives.platforms_of(drive.run))
        drives.until(lambda drive=drive: not any(map(drives.lives, drives.pids(drive.run))))
    assert drives.sealed(alone.run) == set()
    assert set(forked.run.processes()) == drives.sealed(forked.run)
    assert drives.frames(alone.run) >= flushed
    code, said = drives.crosstalk("judge", alone.run.path)
    assert code == 3, said
    assert drives.complete(alone.run) is Verdict.UNKNOWN
    assert drives.judgement_of(alone.run).scale.frames > 0
