from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from isolation_checks.errors import UsageError
from locustfiles.driving import ports


def options(**changed):
    """What Locust's options say where nothing is said, on a port that is free."""
    usual = {
        "worker": False,
        "master": False,
        "processes": None,
        "headless": True,
        "headful": False,
        "web_host": "",
        "web_port": 0,
        "master_bind_host": "*",
        "master_bind_port": 5557,
        "master_port": 5557,
    }
    return SimpleNamespace(**(usual | changed))


@pytest.fixture
def busy():
    """A port on which somebody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_forked_workers_get_a_port_of_their_own(busy):
    """Two drives at once do not meet on 5557, and nobody from elsewhere does either."""
    asked = options(processes=2)
    ports.settle(asked)
    assert asked.master_bind_port == asked.master_port
    assert asked.master_port not in (5557, busy)
    assert asked.master_bind_host == "127.0.0.1"


def test_a_port_that_was_named_is_kept():
    """It may be behind a firewall's rule."""
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        free = trying.getsockname()[1]
    asked = options(processes=2, master_bind_port=free, master_port=free)
    ports.settle(asked)
    assert (free, "*") == (asked.master_bind_port, asked.master_bind_host)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"master": True, "master_bind_port": "busy"}, "the master cannot listen on port"),
        ({"headless": False, "web_port": "busy"}, "the web UI cannot listen on port"),
        ({"headful": True, "web_port": "busy", "web_host": "127.0.0.1"}, "--web-port"),
        ({"processes": 2, "master_bind_port": 1}, "--master-port"),
    ],
)
def test_what_cannot_work_is_refused(busy, changed, sentence):
    """One sentence that names the option."""
    asked = options(**{k: busy if v == "busy" else v for k, v in changed.items()})
    with pytest.raises(UsageError, match=sentence):
        ports.settle(asked)


def test_a_worker_listens_nowhere(busy):
    """Whatever stands in its environment."""
    ports.settle(options(worker=True, headless=False, web_port=busy, processes=2))
