"""A private MariaDB server for tests: on a free loopback port, gone when the test is.

Without the server's programs a test is skipped, but under CI (`CI` is set) it fails.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql

from tests.servers.postgres import free_port, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_LIMIT_S = 30.0
_SETTINGS = (
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--skip-networking=0",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=8M",
    "--innodb-doublewrite=0",
    "--performance-schema=0",
)
PASSWORD = "s3cr3t%2Fp/w"
"""Of the user `tester`; in a URL it must be escaped."""


@contextlib.contextmanager
def mariadb_server() -> Iterator[str]:
    """A fresh server with one user who may do everything; yields the URL of its database `app`."""
    server, install = _program("mariadbd"), _program("mariadb-install-db")
    account = _account()
    home = Path(tempfile.mkdtemp(prefix="test-mariadb-"))
    if account is not None:
        shutil.chown(home, user=account)
    try:
        where = [f"--datadir={home / 'data'}"]
        quick = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        _run([install, "--no-defaults", *where, *quick], account)
        port = free_port()
        options = [*where, f"--port={port}", f"--socket={home / 'socket'}"]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [server, *_SETTINGS, *options, f"--pid-file={home / 'pid'}"],
                stdout=log,
                stderr=log,
                user=account,
            )
        try:
            _prepare(_ready(process, home))
            password = urllib.parse.quote(PASSWORD, safe="")
            yield f"mysql://tester:{password}@127.0.0.1:{port}/app"
        finally:
            process.terminate()
            process.wait(timeout=_START_LIMIT_S)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        missing(f"MariaDB's {name}")
    return found


def _account() -> str | None:
    """Whom to run the server as: it refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("mysql").pw_name
    except KeyError:
        missing("an account `mysql`, which the server needs when tests run as root")


def _run(command: list[str], account: str | None) -> None:
    done = subprocess.run(command, user=account, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')}")


def _ready(server: subprocess.Popen[bytes], home: Path) -> pymysql.connections.Connection:
    """A connection as root, once there is a server to connect to."""
    limit = time.monotonic() + _START_LIMIT_S
    while True:
        with contextlib.suppress(pymysql.err.OperationalError):
            return pymysql.connect(unix_socket=str(home / "socket"), user="root")
        if server.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"MariaDB did not start: {(home / 'log').read_text()}")
        time.sleep(0.05)


def _prepare(connection: pymysql.connections.Connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE app CHARACTER SET utf8mb4")
        cursor.execute("CREATE USER tester@'127.0.0.1' IDENTIFIED BY %s", (PASSWORD,))
        cursor.execute("GRANT ALL ON *.* TO tester@'127.0.0.1' WITH GRANT OPTION")
