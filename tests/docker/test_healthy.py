"""The health check of Locust's containers, against real sockets."""

import importlib.util
import socket
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docker/locust/healthy.py"


@pytest.fixture
def healthy():
    """The script as a module, watching a port that is ours."""
    spec = importlib.util.spec_from_file_location("healthy", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        module.MASTER_PORT = held.getsockname()[1]
        module.held = held
        yield module


def test_a_worker_is_healthy_while_it_is_connected(healthy):
    """Nobody listens; somebody listens; somebody is connected."""
    assert not healthy.worker()
    healthy.held.listen()
    assert not healthy.worker()
    with socket.create_connection(("127.0.0.1", healthy.MASTER_PORT)):
        assert healthy.worker()


def test_a_master_without_a_port_is_not_healthy(healthy):
    """Before Locust listens for workers nothing else is asked."""
    assert not healthy.master()


def test_a_master_whose_web_ui_is_silent_is_not_healthy(healthy):
    """Listening is not enough where a web UI should answer."""
    healthy.held.listen()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        healthy.WEB_UI = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        with pytest.raises(OSError, match="refused"):
            healthy.master()
