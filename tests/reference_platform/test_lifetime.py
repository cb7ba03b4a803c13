import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from reference_platform.home import temporary_home
from websockets.exceptions import ConnectionClosed

from tests.reference_platform.driving import FAST, announced, eventually, platform

PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "reference_platform", "--with-parent", *sys.argv[1:]])
time.sleep(60)
"""


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_ends_within_a_second_and_leaves_nothing(workers):
    with platform(*FAST, "--workers", workers) as running:
        home = Path(running.database.removeprefix("sqlite:///")).parent
        pids = [running.process.pid, *children(running.process.pid)]
        assert len(pids) == (1 if workers == "1" else 3)
        assert home.is_dir()
        assert home.stat().st_mode & 0o777 == 0o700
        with running.person().line() as line:
            line.answer(line.ask("anything"))
            started = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(timeout=2) == 0
            assert time.monotonic() - started < 1
        assert not home.exists()
        assert [pid for pid in pids if alive(pid)] == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_dies_with_its_parent(workers):
    """Even when the parent is killed and cannot say so."""
    command = [sys.executable, "-c", PARENT, *FAST, "--workers", workers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        running = announced(parent)
        home = Path(running.database.removeprefix("sqlite:///")).parent
        (pid,) = children(parent.pid)
        pids = [pid, *children(pid)]
        parent.kill()
    assert eventually(lambda: not any(alive(pid) for pid in pids), 3)
    assert not home.exists()


def test_a_killed_worker_is_replaced():
    with platform(*FAST, "--workers", "2") as running:
        (victim, _) = children(running.process.pid)
        os.kill(victim, signal.SIGKILL)
        assert eventually(lambda: victim not in children(running.process.pid))
        assert eventually(lambda: len(children(running.process.pid)) == 2)
        ann = running.person()
        assert eventually(lambda: ann.http("GET", "/health").status_code == 200)


def test_a_signal_kills_the_worker_that_served_longest():
    """One at a time; its successor is not the next."""
    with platform(*FAST, "--workers", "2") as running:
        first, second = children(running.process.pid)
        for victim, other in ((first, second), (second, None)):
            os.kill(running.process.pid, signal.SIGUSR1)
            assert eventually(lambda v=victim: v not in children(running.process.pid))
            assert other is None or other in children(running.process.pid)
            assert eventually(lambda: len(children(running.process.pid)) == 2)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_runs_of_a_killed_worker_end_as_failed_when_it_is_replaced(workers, tmp_path):
    """Those of a single process, when the platform starts again; those of others go on."""
    options = ("--latency", "3000:9000", "--workers", workers)
    options += ("--database", f"sqlite:///{tmp_path}/rows.db")

    def statuses(running):
        return sorted(status for (status,) in running.rows("SELECT status FROM runs"))

    with (
        platform(*options) as bystander,
        platform(*options) as running,
        bystander.person().line() as others,
    ):
        others.ask("not to be touched")
        others.hear_until(lambda f: f["type"] == "agent_thinking")
        victims = children(running.process.pid) or [running.process.pid]
        with contextlib.suppress(OSError, ConnectionClosed), running.person().line() as line:
            line.ask("to be killed")
            line.hear_until(lambda f: f["type"] == "agent_thinking")
            assert statuses(running) == ["running", "running"]
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
        if workers == "1":
            running.process.wait(timeout=2)
            with platform(*options) as again:
                assert statuses(again) == ["failed", "running"]
        assert eventually(lambda: statuses(running) == ["failed", "running"])


def test_the_next_platform_removes_what_a_killed_one_left():
    """And not what a living one uses."""
    with platform(*FAST) as killed, platform(*FAST) as living:
        homes = [Path(p.database.removeprefix("sqlite:///")).parent for p in (killed, living)]
        killed.process.kill()
        killed.process.wait(timeout=2)
        assert [home.exists() for home in homes] == [True, True]
        with platform(*FAST):
            assert [home.exists() for home in homes] == [False, True]
        assert living.person().http("GET", "/threads").status_code == 200


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--database", "postgresql://me:secret@127.0.0.1:1/x"], "database at 127.0.0.1:1"),
        (["--redis", "redis://:secret@127.0.0.1:1"], "Redis at 127.0.0.1:1"),
        (["--redis", "redis://:secret@127.0.0.1:1", "--workers", "2"], "Redis at 127.0.0.1:1"),
        (["--database", "sqlite:////nowhere/at.all"], "/nowhere/at.all"),
    ],
)
def test_what_cannot_be_reached_exits_4_with_a_sentence(options, said):
    done = run(*options)
    assert (done.returncode, done.stdout) == (4, "")
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_is_taken_exits_4_with_a_sentence():
    with platform(*FAST) as running:
        port = running.http.rpartition(":")[2]
        done = run("--port", port)
    assert (done.returncode, done.stdout) == (4, "")
    assert port in done.stderr
    assert len(done.stderr.splitlines()) == 1


def run(*options):
    command = [sys.executable, "-m", "reference_platform", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fault", "shared_sockets"], "'shared_socket'"),
        (["--fault", "broadcast=2"], "from 0 to 1"),
        (["--latency", "fast"], "--latency"),
        (["--workers", "0"], "--workers"),
        (["--database", "mysql://x"], "postgresql://"),
        (["--service", "backend"], "--auth-url"),
    ],
)
def test_a_command_line_that_makes_no_sense_exits_2_with_a_sentence(options, said):
    done = run(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_it_lists_its_faults():
    faults = json.loads(run("--faults").stdout)
    always = {"name", "sentence", "opportunity", "default_rate", "signal", "shows_when", "needs"}
    assert all(set(fault) == always for fault in faults)
    assert all(set(fault["signal"]) <= set("WDILAT") for fault in faults)
    assert {"shared_socket", "slow_tail"} <= {fault["name"] for fault in faults}
    assert len(faults) == 53


def test_it_takes_the_port_it_is_given():
    with platform(*FAST) as first:
        port = int(first.http.rpartition(":")[2])
    with platform(*FAST, "--port", str(port)) as second:
        assert second.http.endswith(f":{port}")
        assert httpx.get(f"{second.http}/health").json() == {"status": "ok"}


def test_a_home_that_was_removed_before_it_could_be_locked_is_not_used(monkeypatch, tmp_path):
    """Another start may take it for one that was left, between its making and its locking."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lock_it, taken = fcntl.flock, []

    def too_late(lock, how):
        if not taken:
            (left,) = tmp_path.iterdir()
            taken.append(left)
            shutil.rmtree(left)
        lock_it(lock, how)

    monkeypatch.setattr(fcntl, "flock", too_late)
    with temporary_home() as home:
        assert home.is_dir()
        assert taken != [home]
