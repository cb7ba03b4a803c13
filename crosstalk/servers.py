"""Servers that a selftest starts for itself: PostgreSQL and Redis, on free loopback ports.

Each is private, keeps nothing, and ends with its context.
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
from collections.abc import Iterator
from pathlib import Path

START_LIMIT_S = 30.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
}


class NotInstalledError(Exception):
    """A program that is not on this machine; the message is its name."""


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A fresh cluster with one superuser; yields the URL of its database `postgres`.

    Raises:
        NotInstalledError: its programs, or an account for it, are not there.
        RuntimeError: it did not start.
    """
    programs = _programs()
    account = _account()
    home = Path(tempfile.mkdtemp(prefix="crosstalk-postgres-"))
    if account is not None:
        shutil.chown(home, user=account)
    try:
        how = ["--username=tester", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        _run([programs / "initdb", *how, "--no-sync", "--pgdata", home / "data"], account)
        port = free_port()
        options = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": port}.items()]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
                [programs / "postgres", "-D", home / "data", *options],
                stdout=log,
                stderr=log,
                user=account,
                start_new_session=True,  # Ctrl-C is for us, who end it last
            )
        try:
            probe = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
            limit = time.monotonic() + START_LIMIT_S
            while subprocess.run(probe, check=False).returncode:  # noqa: S603 - PostgreSQL's own
                _still_starting(server, limit, "PostgreSQL", home / "log")
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown: clients are not waited for
            server.wait(timeout=START_LIMIT_S)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """An empty server in memory; yields its URL.

    Raises:
        NotInstalledError: its program is not there.
        RuntimeError: it did not start.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise NotInstalledError("redis-server")
    port = free_port()
    how = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with tempfile.TemporaryDirectory(prefix="crosstalk-redis-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as file:
            server = subprocess.Popen(  # noqa: S603 - Redis's own program
                [program, *how, "--dir", folder], stdout=file, stderr=file, start_new_session=True
            )
        try:
            limit = time.monotonic() + START_LIMIT_S
            while not _answers(port):
                _still_starting(server, limit, "Redis", log)
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=START_LIMIT_S)


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """SIGTERM ends what is in here as Ctrl-C does, and so the servers that it stands on."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


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
        raise NotInstalledError("PostgreSQL's initdb and postgres")
    return versions[-1].parent


def _account() -> str | None:
    """Whom to run PostgreSQL as: it refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise NotInstalledError("an account `postgres`, which root needs for it") from None


def _run(command: list[str | Path], account: str | None) -> None:
    done = subprocess.run(command, user=account, capture_output=True, check=False)  # noqa: S603 - PostgreSQL's own program
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')}")


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as sock:
        sock.sendall(b"PING\r\n")
        return sock.recv(16).startswith(b"+PONG")
    return False


def _still_starting(server: subprocess.Popen[bytes], limit: float, name: str, log: Path) -> None:
    if server.poll() is not None or time.monotonic() > limit:
        raise RuntimeError(f"{name} did not start: {log.read_text(errors='replace')[-2000:]}")
    time.sleep(0.05)
