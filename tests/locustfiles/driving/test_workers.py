import os
import signal
import subprocess
import sys

import gevent
import gevent.event
import psutil
import pytest
from gevent import monkey

if not monkey.is_module_patched("socket"):
    pytest.skip("Locust patches its process; test_patched runs this", allow_module_level=True)

from locust.env import Environment

from isolation_checks.errors import HarnessError
from locustfiles.driving import workers as working
from locustfiles.driving.workers import HERE, LEAVE, Waiting, Workers
from tests.locustfiles import drives

NONCE = "the nonce of this Locust"


@pytest.fixture
def locusts(monkeypatch):
    """A real master on a port of its own, and real workers as they are asked for."""
    monkeypatch.setattr(working, "ANNOUNCE_SECONDS", 0.5)
    monkeypatch.setattr(working, "POLL_SECONDS", 0.01)
    port = drives.free_port()
    made = [Environment().create_master_runner("127.0.0.1", port)]

    def worker():
        made.append(Environment().create_worker_runner("127.0.0.1", port))
        return made[-1]

    yield made[0], worker
    for runner in reversed(made):  # quit() would wait for what nobody here sends
        runner.greenlet.kill(block=True)
    made[0].server.close()


@pytest.fixture
def child():
    """A process that was started by this one and does nothing."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_those_who_have_said_who_they_are_take_part(locusts, until):
    """In an order that does not depend on who came first; each that comes is told of."""
    master, worker = locusts
    joined = []
    workers = Workers(master, forked=0, nonce=NONCE, joined=joined.append)
    two = [worker(), worker()]
    for each in two:
        each.send_message(HERE, {"nonce": None})
    until(lambda: len(joined) == 2)
    names = {each.client_id for each in two}
    assert names == set(joined)
    assert sorted(names) == workers.gathered()


def test_one_that_is_connected_and_takes_no_orders_is_missed(locusts, until):
    """It would drive nothing, or without evidence: no run begins."""
    master, worker = locusts
    workers = Workers(master, forked=0, nonce=NONCE, joined=lambda _: None)
    mute = worker()
    until(lambda: master.clients.ready)
    with pytest.raises(HarnessError, match=f"worker {mute.client_id} is connected and takes no"):
        workers.gathered()


def test_of_those_that_were_forked_all_must_be_here(locusts):
    """One that crashed in its set-up would be half of the load, and nobody would know."""
    master, worker = locusts
    workers = Workers(master, forked=2, nonce=NONCE, joined=lambda _: None)
    one = worker()
    one.send_message(HERE, {"nonce": NONCE})
    with pytest.raises(HarnessError, match="only 1 of 2 workers are here"):
        workers.gathered()
    worker().send_message(HERE, {"nonce": NONCE})
    assert 2 == len(workers.gathered())


@pytest.mark.parametrize(("forked", "nonce"), [(1, "another's"), (1, None), (0, "another's")])
def test_a_worker_of_another_locust_is_sent_away(locusts, until, forked, nonce):
    """It may be left over from an earlier run on this port, or forked by somebody else."""
    master, worker = locusts
    joined, left = [], []
    workers = Workers(master, forked=forked, nonce=NONCE, joined=joined.append)
    stray = worker()
    stray.register_message(LEAVE, lambda **_: left.append(True))
    stray.send_message(HERE, {"nonce": nonce})
    until(lambda: left)
    assert [] == joined
    if not forked:
        assert [] == workers.gathered()


def of_child(master, child):
    """What a master knows that forked only this one; the test's process has other children."""
    workers = Workers(master, forked=1, nonce=NONCE, joined=lambda _: None)
    assert child.pid in {each.pid for each in workers._children}
    workers._children = [psutil.Process(child.pid)]
    return workers


def test_children_are_known_and_ended(locusts, child):
    """They may know no master yet that could tell them to go."""
    master, _ = locusts
    workers = of_child(master, child)
    assert not workers.one_ended()
    workers.end()
    assert -signal.SIGTERM == child.wait()
    assert workers.one_ended()
    workers.end()  # who is gone is left alone


STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("here", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(("stubborn", "how"), [(False, signal.SIGTERM), (True, signal.SIGKILL)])
def test_no_worker_outlives_its_master(locusts, monkeypatch, stubborn, how):
    """It is waited for, terminated, and at last killed; Locust would wait for it for ever."""
    monkeypatch.setattr(working, "LEAVE_SECONDS", 0.05)
    monkeypatch.setattr(working, "END_SECONDS", 0.3 if stubborn else 20.0)
    master, _ = locusts
    program = STUBBORN if stubborn else STUBBORN.replace("SIG_IGN", "SIG_DFL")
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert b"here" in process.stdout.readline()
        of_child(master, process).outlive()
        assert -how == process.wait(timeout=5)


def test_a_worker_that_leaves_by_itself_is_not_ended(locusts, monkeypatch):
    """It may still be writing its last."""
    monkeypatch.setattr(working, "LEAVE_SECONDS", 20.0)
    master, _ = locusts
    command = [sys.executable, "-c", "import time; time.sleep(0.3)"]
    with subprocess.Popen(command) as process:
        of_child(master, process).outlive()
        assert 0 == process.wait(timeout=5)


@pytest.fixture
def waiting():
    """Has a greenlet wait for workers as Locust does, in the hub's own way; how it ended."""
    greenlets = []

    def wait(runner, workers, on_missing=lambda: None):
        ready, ended = gevent.event.AsyncResult(), gevent.event.AsyncResult()

        def main():
            ready.set(Waiting(runner, workers, on_missing))
            try:
                gevent.sleep(60)
            except SystemExit as leaving:
                ended.set(leaving.code)

        greenlets.append(gevent.spawn(main))
        return ready.get(timeout=5), ended

    yield wait
    gevent.killall(greenlets)


def test_nobody_waits_for_a_worker_that_has_ended(locusts, waiting, child):
    """Locust itself would wait for ever; it is said, and the code is the harness's."""
    master, _ = locusts
    missed = []
    workers = of_child(master, child)
    _, ended = waiting(master, workers, lambda: missed.append(True))
    gevent.sleep(0.05)
    assert not ended.ready()
    child.kill()
    assert 4 == ended.get(timeout=5)
    assert [True] == missed


def test_nobody_waits_longer_than_it_takes_to_come(locusts, waiting, child, monkeypatch):
    """A worker may hang in its set-up."""
    monkeypatch.setattr(working, "COME_SECONDS", 0.05)
    master, _ = locusts
    _, ended = waiting(master, of_child(master, child))
    assert 4 == ended.get(timeout=5)


def test_once_a_run_begins_a_worker_may_end(locusts, waiting, child):
    """Then the evidence tells, and Locust takes signals itself."""
    master, _ = locusts
    workers = of_child(master, child)
    wait, ended = waiting(master, workers)
    wait.over()
    wait.over()
    child.kill()
    gevent.sleep(0.1)
    assert not ended.ready()


def test_a_sigterm_while_it_waits_ends_it_in_order(locusts, waiting):
    """Locust would be killed by it, and leave its platform and its workers behind."""
    master, _ = locusts
    _, ended = waiting(master, None)
    os.kill(os.getpid(), signal.SIGTERM)
    assert 4 == ended.get(timeout=5)
