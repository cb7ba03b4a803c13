"""A private Redis server for tests: on a free loopback port, in memory, gone when the test is.

Without the program a test is skipped, but under CI (`CI` is set) it fails.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

from tests.servers.postgres import free_port, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_LIMIT_S = 20.0


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """An empty server; yields its URL."""
    program = shutil.which("redis-server")
    if program is None:
        missing("redis-server")
    port = free_port()
    how = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with tempfile.TemporaryDirectory(prefix="test-redis-") as folder:
        server = subprocess.Popen([program, *how, "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            _wait_until_ready(server, port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(timeout=_START_LIMIT_S)


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    limit = time.monotonic() + _START_LIMIT_S
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as sock:
            sock.sendall(b"PING\r\n")
            if sock.recv(16).startswith(b"+PONG"):
                return
        if server.poll() is not None or time.monotonic() > limit:
            raise RuntimeError("Redis did not start")
        time.sleep(0.05)
