import subprocess
import sys
from pathlib import Path

import pytest

DRIVING = Path(__file__).parent / "driving"
PATCHED = """
from gevent import monkey
monkey.patch_all()
import sys, pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""
FORGETTING = """
from gevent import monkey
monkey.patch_all()
import os, time
import gevent, gevent.os
from locustfiles.driving.workers import remember_ended

def ended(code):
    go, tell = os.pipe()
    child = os.fork()
    if not child:
        os.read(go, 1)
        os._exit(code)
    gevent.sleep(0)  # the loop has to watch it before it ends
    os.write(tell, b"!")
    while not isinstance(gevent.os._watched_children[child], tuple):
        gevent.sleep(0.01)
    return child

remember_ended()
worker = ended(3)
pid, status, _ = gevent.os._watched_children[worker]
gevent.os._watched_children[worker] = (pid, status, time.time() - 3600)
ended(0)  # at every end of a child the old ones are forgotten
print(os.waitstatus_to_exitcode(os.waitpid(worker, os.WNOHANG)[1]))
"""
OF_LOCUST = (
    "test_agent_user.py",
    "test_conductor.py",
    "test_lifecycle.py",
    "test_performer.py",
    "test_workers.py",
)
"""Tests of what imports Locust, which patches the process that it is in: they run only here."""


def patched(*names):
    """What pytest says of these files in a process that is patched before all else."""
    done = subprocess.run(
        [sys.executable, "-c", PATCHED, *(str(DRIVING / name) for name in names)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("name", ["test_wire.py", "test_tokens.py"])
def test_it_holds_in_a_patched_process_too(name):
    """Locust replaces sockets, TLS and threads before anything of ours runs."""
    patched(name)


def test_what_imports_locust_holds():
    """In a process of its own, where none of it is skipped."""
    said = patched(*OF_LOCUST)
    assert "skipped" not in said
    assert " passed" in said


def test_how_a_worker_ended_is_known_however_long_a_judgement_takes():
    """The loop forgets in a minute; Locust, asking then, would fill the log for three seconds."""
    done = subprocess.run(
        [sys.executable, "-c", FORGETTING],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "3\n") == (done.returncode, done.stdout), done.stderr


def test_whoever_skips_an_unpatched_process_runs_here():
    """A file that is skipped everywhere would say nothing, and nobody would notice."""
    waiting = {
        path.name
        for path in DRIVING.rglob("test_*.py")
        if "is_module_patched" in path.read_text(encoding="utf-8")
    }
    assert set(OF_LOCUST) == waiting
