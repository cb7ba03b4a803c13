# ruff: noqa: INP001 - a script of the image's, no module
"""Whether this container's Locust does its part: `healthy.py master` or `healthy.py worker`.

A master is healthy when it listens for workers and, unless it is headless, its web UI
answers; a worker is when it is connected to its master.  Nothing is sent to Locust's own
port: the kernel's table of connections says enough.
"""

import sys
import urllib.request
from pathlib import Path

MASTER_PORT = 5557
WEB_UI = "http://127.0.0.1:8089/"
ESTABLISHED, LISTENING = "01", "0A"


def connections() -> set[tuple[int, int, str]]:
    """Local port, remote port and state of every TCP connection of this network."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text("ascii").splitlines()[1:]:
            local, remote, state = line.split()[1:4]
            found.add((_port(local), _port(remote), state))
    return found


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def master() -> bool:
    """Listening for workers, and with a web UI that answers."""
    if not any((local, state) == (MASTER_PORT, LISTENING) for local, _, state in connections()):
        return False
    if b"--headless" in Path("/proc/1/cmdline").read_bytes().split(b"\0"):
        return True
    urllib.request.urlopen(WEB_UI, timeout=3).close()  # raises what is no answer
    return True


def worker() -> bool:
    """Connected to its master."""
    return any((far, state) == (MASTER_PORT, ESTABLISHED) for _, far, state in connections())


if __name__ == "__main__":
    sys.exit(0 if {"master": master, "worker": worker}[sys.argv[1]]() else 1)
