"""Servers that are started for a while end with whoever started them."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys

import pytest

from tests.servers.postgres import missing

HOLDING = """
import time
from crosstalk import servers
with servers.ended_in_order(), servers.redis_server() as url:
    print(url, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_with_whoever_is_told_to_end(how):
    """By Ctrl-C, or as a supervisor does it; nobody listens there any more."""
    if shutil.which("redis-server") is None:
        missing("redis-server")
    command = [sys.executable, "-c", HOLDING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as holder:
        assert holder.stdout is not None
        port = int(holder.stdout.readline().decode().rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), 1).close()
        holder.send_signal(how)
        holder.wait(timeout=20)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)
