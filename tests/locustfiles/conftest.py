"""What tests of the driver share.

gevent is used here as it is, unpatched: the servers are processes of their own, so
nothing that these tests do disturbs the tests of other rooms in this process.
"""

import contextlib
import json
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

LIMIT_S = 15.0


@dataclass
class Server:
    """The scripted server and its addresses."""

    ports: dict[str, int]
    folder: Path

    def ws(self, path: str) -> str:
        """Where a script is followed."""
        return f"ws://127.0.0.1:{self.ports['ws']}{path}"

    def wss(self, path: str, name: str = "wss") -> str:
        """The same over TLS, with the certificate of this name."""
        return f"wss://127.0.0.1:{self.ports[name]}{path}"

    def rubbish(self, path: str) -> str:
        """Where the upgrade is answered with rubbish."""
        return f"ws://127.0.0.1:{self.ports['rubbish']}{path}"


def announced(process: subprocess.Popen) -> dict:
    """The line of JSON that a program says first."""
    readable, _, _ = select.select([process.stdout], [], [], LIMIT_S)
    line = process.stdout.readline() if readable else b""
    assert line, "the program did not announce itself"
    return json.loads(line)


@contextlib.contextmanager
def running(program: str, *arguments: str):
    """A program beside this file, and the line of JSON that it says; it ends with its input."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name(program)), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield announced(process)
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One scripted WebSocket server for all tests of the driver."""
    folder = tmp_path_factory.mktemp("scripted-server")
    with running("scripted_server.py", str(folder)) as ports:
        yield Server(ports, folder)


@pytest.fixture
def accounts():
    """The address of an auth service that knows nobody yet."""
    with running("scripted_accounts.py") as said:
        yield f"http://127.0.0.1:{said['port']}"
