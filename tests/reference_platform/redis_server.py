"""A private Redis for tests: on a free loopback port, in memory, gone when the test is."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

from tests.reference_platform.driving import eventually
from tests.servers.postgres import free_port, missing

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """Start an empty server; yields its URL."""
    program = shutil.which("redis-server")
    if program is None:
        missing("redis-server")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/"]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        assert eventually(lambda: _listens(port))
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=10)


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
