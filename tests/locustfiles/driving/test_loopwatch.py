import socket
import subprocess
import sys
import time

import gevent
import pytest

from locustfiles.driving import loopwatch
from locustfiles.driving.loopwatch import LoopWatch, run_delay_ns

STALL_S = 0.15
SLACK_NS = 20_000_000
"""What a busy host may add between a send and the time that is put on it."""
SENDER = """
import socket, struct, sys, time
line = socket.socket(fileno=int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    time.sleep(0.05)
    line.send(struct.pack("q", time.monotonic_ns()))
"""


def busy(seconds):
    """Keep the loop from everything else."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


class Listening:
    """Messages that carry when they were sent, with the bounds that the watch gives for them."""

    def __init__(self, watch, line):
        self.watch, self.line, self.heard = watch, line, []
        self._watcher = gevent.get_hub().loop.io(line.fileno(), 1)
        self._watcher.start(self._read)

    def _read(self):
        data = self.line.recv(4096)
        now, bound = time.monotonic_ns(), time.monotonic_ns() - self.watch.since_ns
        for at in range(0, len(data), 8):
            self.heard.append((now - int.from_bytes(data[at : at + 8], sys.byteorder), bound))

    def close(self):
        """Hear no more."""
        self._watcher.stop()
        self._watcher.close()


@pytest.fixture
def watch():
    watch = LoopWatch(gevent.get_hub().loop)
    yield watch
    watch.stop()


@pytest.fixture
def listening(watch):
    """Hears somebody in a process of its own, twenty times a second for a second."""
    here, there = socket.socketpair()
    listening = Listening(watch, here)
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER, str(there.fileno()), "20"], pass_fds=[there.fileno()]
    )
    there.close()
    yield listening
    sender.kill()
    sender.wait()
    listening.close()
    here.close()


def until(condition):
    with gevent.Timeout(10):
        while not condition():
            gevent.sleep(0.01)


def stalled_by_a_timer():
    """A greenlet that wakes from a sleep and does not stop."""
    gevent.sleep(0.01)
    busy(STALL_S)


def stalled_by_a_greenlet():
    """A greenlet that another one started, which gevent runs before it polls."""
    gevent.spawn(busy, STALL_S)
    gevent.sleep(0.01)


@pytest.mark.parametrize("stalled", [stalled_by_a_timer, stalled_by_a_greenlet])
def test_a_stall_is_within_the_bound(listening, watch, stalled):
    """Whatever kept the loop busy, a message that waited meanwhile is bounded by at least that."""
    until(lambda: listening.heard)
    listening.heard.clear()
    while len(listening.heard) < 8:
        stalled()
    late = [(true, bound) for true, bound in listening.heard if true > SLACK_NS]
    assert late, "the test needs messages that waited"
    assert all(bound >= true - SLACK_NS for true, bound in late), late
    assert all(bound < 3 * STALL_S * 1e9 for _, bound in late), late
    assert watch.take_worst_ns() >= STALL_S * 1e9 * 0.9


def test_waiting_for_something_to_come_is_not_our_delay(listening):
    """A message that came while the loop had nothing to do was read at once."""
    until(lambda: len(listening.heard) >= 10)
    bounds = sorted(bound for _, bound in listening.heard)
    assert bounds[len(bounds) // 2] < 10_000_000


def test_the_longest_round_is_told_once(watch):
    """What was taken is forgotten: every second has its own."""
    gevent.sleep(0.01)
    watch.take_worst_ns()
    busy(0.05)
    gevent.sleep(0.01)
    assert watch.take_worst_ns() >= 45_000_000
    gevent.sleep(0.01)
    assert watch.take_worst_ns() < 45_000_000


def test_the_host_says_for_how_long_it_let_us_wait():
    """A number that only grows; and None where the host does not say."""
    before = run_delay_ns()
    assert before is None or run_delay_ns() >= before >= 0


def test_a_host_that_does_not_say_is_unknown(monkeypatch, tmp_path):
    """Unknown is not zero."""
    monkeypatch.setattr(loopwatch, "Path", lambda _: tmp_path / "nothing")
    assert run_delay_ns() is None
