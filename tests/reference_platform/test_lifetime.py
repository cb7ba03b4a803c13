import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

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
    assert {"name", "sentence", "opportunity", "default_rate"} <= set(faults[0])
    assert {"shared_socket", "slow_tail"} <= {fault["name"] for fault in faults}


def test_it_takes_the_port_it_is_given():
    with platform(*FAST) as first:
        port = int(first.http.rpartition(":")[2])
    with platform(*FAST, "--port", str(port)) as second:
        assert second.http.endswith(f":{port}")
        assert httpx.get(f"{second.http}/health").json() == {"status": "ok"}
