"""A private PostgreSQL server for tests: on a free loopback port, gone when the test is.

Without the server's programs a test is skipped, but under CI (`CI` is set) it fails.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_LIMIT_S = 30.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
}


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A fresh cluster with one superuser; yields the URL of its database `postgres`."""
    programs = _programs()
    account = _account()
    home = Path(tempfile.mkdtemp(prefix="test-postgres-"))
    if account is not None:
        shutil.chown(home, user=account)
    try:
        how = ["--username=tester", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        _run([programs / "initdb", *how, "--no-sync", "--pgdata", home / "data"], account)
        port = free_port()
        options = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": port}.items()]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", home / "data", *options],
                stdout=log,
                stderr=log,
                user=account,
            )
        try:
            _wait_until_ready(programs, server, port, home / "log")
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown: clients are not waited for
            server.wait(timeout=_START_LIMIT_S)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """Where `initdb` and `postgres` are; the newest, when there are several versions."""
    found = shutil.which("initdb")
    if found is not None and shutil.which("postgres") is not None:
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
    )
    if not versions:
        missing("PostgreSQL's initdb and postgres")
    return versions[-1].parent


def _account() -> str | None:
    """Whom to run the server as: it refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        missing("an account `postgres`, which the server needs when tests run as root")


def missing(what: str) -> NoReturn:
    """Skip the test for want of a program, or fail it under CI."""
    if os.environ.get("CI"):
        pytest.fail(f"not installed: {what}")
    pytest.skip(f"not installed: {what}")


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _run(command: list[str | Path], account: str | None) -> None:
    done = subprocess.run(command, user=account, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')}")


def _wait_until_ready(
    programs: Path, server: subprocess.Popen[bytes], port: int, log: Path
) -> None:
    probe = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    limit = time.monotonic() + _START_LIMIT_S
    while subprocess.run(probe, check=False).returncode:
        if server.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}")
        time.sleep(0.05)
