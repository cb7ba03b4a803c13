"""Real processes, started here: what they and those that they start use is seen."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from isolation_checks.plan.tables.resources import Processes
from isolation_checks.resources.processes import ProcessTree
from isolation_checks.resources.source import UnreachableError

PARENT = """
import socket, subprocess, sys
listening = socket.create_server(("127.0.0.1", 0))
child = subprocess.Popen([sys.executable, "-c", '''
import sys, time
kept = bytearray(40_000_000)
print("ready", flush=True)
for line in sys.stdin:
    until = time.process_time() + float(line)
    while time.process_time() < until:
        pass
    print("done", flush=True)
'''], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(listening.getsockname()[1], flush=True)
for line in sys.stdin:
    child.stdin.write(line)
    child.stdin.flush()
    print(child.stdout.readline(), end="", flush=True)
child.stdin.close()
child.wait()
"""


@pytest.fixture(scope="module")
def parent():
    """A process that listens, with a child that burns as many seconds of CPU as it is told."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.port = int(process.stdout.readline())
        yield process
        process.stdin.close()


def burn(process, seconds):
    process.stdin.write(f"{seconds}\n")
    process.stdin.flush()
    assert "done\n" == process.stdout.readline()


def by_name(tree):
    return {level.resource: level for level in tree()}


@pytest.mark.parametrize("named", ["pids", "ports"])
def test_the_cpu_of_a_process_and_of_what_it_started_is_counted_from_the_first_look(parent, named):
    """By its number, or by the port on which it listens; so is their memory."""
    pid = {"pids": (parent.pid,)} if named == "pids" else {"ports": (parent.port,)}
    tree = ProcessTree(Processes(**pid))
    before = by_name(tree)
    assert before["cpu"].value == 0  # what was used before is nobody's affair
    burn(parent, 0.2)
    after = by_name(tree)
    assert 0.15 < after["cpu"].value < 0.4
    assert after["cpu"].counts
    assert after["memory"].value > 40_000_000
    assert after["cpu"].most >= 1
    assert after["cpu of the machine"].value - before["cpu of the machine"].value >= 0.1


def test_a_child_that_comes_later_counts_whole_and_takes_nothing_with_it():
    """A worker that is replaced in mid-run."""
    tree = ProcessTree(Processes(pids=(os.getpid(),)))
    tree()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as late:
        late.stdout.readline()
        burn(late, 0.2)
        with_it = by_name(tree)["cpu"].value
        late.stdin.close()
    assert with_it > 0.2
    assert by_name(tree)["cpu"].value >= with_it


def test_what_is_not_there_says_so(parent):
    """And what is gone, at the next look."""
    with pytest.raises(UnreachableError, match="no one that listens on port 1"):
        ProcessTree(Processes(ports=(1,)))()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with pytest.raises(UnreachableError, match=f"no process {gone.pid}"):
        ProcessTree(Processes(pids=(gone.pid,)))()
    began = time.monotonic()
    ProcessTree(Processes(pids=(parent.pid, gone.pid)))()  # one of two is enough
    assert time.monotonic() - began < 1
