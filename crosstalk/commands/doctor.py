"""`crosstalk doctor`: is everything here that a run needs?"""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import click

from isolation_checks.errors import EXIT_BROKEN

_Finding = tuple[bool, str, str]
FILES, FREE_OCTETS = 4_096, 500_000_000
_PACKAGES = (
    "locust",
    "gevent",
    "websockets",
    "jwt",
    "faker",
    "pandas",
    "matplotlib",
    "pyarrow",
    "duckdb",
    "narwhals",
    "scipy",
    "hyperscan",
    "adbc_driver_sqlite",
    "adbc_driver_postgresql",
    "pymysql",
    "redis",
)


@click.command(epilog="Example: crosstalk doctor")
def command() -> int:
    """Say what is here, what is missing, and what to do about it."""
    broken = False
    for examine in (_python, _packages, _platform, _loopback, _files, _disk, _servers):
        for good, what, advice in examine():
            mark = click.style("ok", fg="green") if good else click.style("--", fg="yellow")
            click.echo(f"{mark}  {what}" + ("" if good else f"\n      {advice}"))
            broken = broken or (not good and not advice.startswith("optional"))
    return EXIT_BROKEN if broken else 0


def _python() -> Iterator[_Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield sys.version_info >= (3, 11), f"Python {version}", "Crosstalk needs Python 3.11 or newer"


def _packages() -> Iterator[_Finding]:
    for name in _PACKAGES:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever ails it, it is said
            yield False, f"{name} cannot be imported: {error}", "run `make setup` again"
    for name in ("locust", "websockets"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield True, f"{name} {metadata.version(name)}", ""


def _platform() -> Iterator[_Finding]:
    asked = [sys.executable, "-m", "reference_platform", "--faults"]
    try:
        done = subprocess.run(asked, capture_output=True, check=False, timeout=60)  # noqa: S603 - our own interpreter
        starts = done.returncode == 0
    except subprocess.TimeoutExpired:
        starts = False
    yield (
        starts,
        "the reference platform can be started",
        "pip install -e docker/reference",
    )


def _loopback() -> Iterator[_Finding]:
    with socket.socket() as listening:
        try:
            listening.bind(("127.0.0.1", 0))
        except OSError as error:
            yield False, f"no port on 127.0.0.1: {error}", "a run needs free loopback ports"
            return
    yield True, "free ports on 127.0.0.1", ""


def _files() -> Iterator[_Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield (
        hard >= FILES,
        f"{soft} open files allowed (at most {hard})",
        f"raise it: ulimit -Hn {FILES * 4}",
    )


def _disk() -> Iterator[_Finding]:
    for place in (
        Path(os.environ.get("CROSSTALK_RUNS", "runs")).resolve(),
        Path(tempfile.gettempdir()),
    ):
        there = next(p for p in (place, *place.parents) if p.exists())
        free = shutil.disk_usage(there).free
        good = free > FREE_OCTETS and os.access(there, os.W_OK)
        yield (
            good,
            f"{free / 1e9:.1f} GB free for {place}",
            "make room, or choose another folder with --runs",
        )


def _servers() -> Iterator[_Finding]:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    found: Callable[[str], str | None] = shutil.which
    yield (
        bool(folders or found("postgres")),
        "PostgreSQL (for the tests)",
        "optional: apt-get install postgresql",
    )
    yield (
        bool(found("redis-server")),
        "Redis (for the tests)",
        "optional: apt-get install redis-server",
    )
    yield (
        bool(shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")),
        "MariaDB (for the tests)",
        "optional: apt-get install mariadb-server",
    )
