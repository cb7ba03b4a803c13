"""Starts the reference platform as a process of its own, and makes the plan that drives it.

It knows the platform's command line and nothing of its inside; which faults it was
told to commit stays here and never enters a run.
"""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import gevent
import msgspec
import orjson

from isolation_checks.errors import EXIT_USAGE, HarnessError, UsageError
from isolation_checks.plan import read
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.resources import Database, Processes, Resources

START_SECONDS = 30.0
ROWS_URL = "CROSSTALK_ROWS_URL"
REDIS_URL = "CROSSTALK_REDIS_URL"
"""Where a plan finds the platform's Redis, if it has one."""
PROBE_KEY = "CROSSTALK_PROBE_KEY"
SIGNING_KEY = "REFERENCE_JWT_SECRET"
"""Where the platform looks for the key that it signs tokens with."""
DATABASE = "REFERENCE_DATABASE_URL"
"""Where the platform is told to look for its database's address."""


@dataclass(slots=True)
class Embedded:
    """A running reference platform and the plan for it."""

    plan: Plan
    process: subprocess.Popen[bytes]

    def end(self) -> None:
        """Stop the platform; it leaves nothing behind."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


RESTART = "CROSSTALK_RESTART"
"""Where the words stand that end one of the platform's workers, if it has several."""


def plan_for(announced: dict[str, Any]) -> Plan:
    """The reference plan at the addresses that a platform announced."""
    target = {"websocket": announced["ws"], "http": announced["http"], "auth": announced["auth"]}
    target["restart"] = shlex.split(os.environ.get(RESTART, ""))
    over: dict[str, Any] = {"target": target}
    text = _part("reference.toml")
    if os.environ.get(REDIS_URL):
        tables = [*_tables(text), *_tables(_part("reference-redis.toml"))]
        over["rows"] = {"tables": tables}
    return read.parse(text, "the reference plan", over)


def restart(announced: dict[str, Any]) -> str:
    """The words that end one of several workers; empty where there is but one."""
    return f"kill -USR1 {announced['pid']}" if announced["workers"] > 1 else ""


def _part(name: str) -> str:
    return (resources.files("isolation_checks.plan") / name).read_text("utf-8")


def _tables(text: str) -> list[Any]:
    tables: list[Any] = tomllib.loads(text)["rows"]["tables"]
    return tables


def plan_elsewhere() -> Plan:
    """The reference plan for a platform that somebody else started.

    Its addresses come from `--host`; its rows are asked for only where their URL is given.
    """
    anywhere = {"ws": "ws://127.0.0.1:1/ws", "http": "http://127.0.0.1:1", "auth": None}
    plan = plan_for(anywhere)
    if not os.environ.get(PROBE_KEY):
        probes = msgspec.structs.replace(plan.probes, key=None)
        plan = msgspec.structs.replace(plan, probes=probes)
    return plan if os.environ.get(ROWS_URL) else msgspec.structs.replace(plan, rows=None)


def start(
    faults: Sequence[str],
    database: str | None,
    options: Sequence[str] = (),
    *,
    redis: str | None = None,
) -> Embedded:
    """Start the platform on a free port and wait until it is ready.

    With a Redis it shares its state there, and the plan reads what it keeps.

    Raises:
        UsageError: it refused an option; its own sentence says why.
        HarnessError: it did not start.
    """
    command = [sys.executable, "-m", "reference_platform", "--with-parent", *options]
    for fault in faults:
        command += ["--fault", fault]
    env = dict(os.environ)
    if database is not None:
        command += ["--database", f"env:{DATABASE}"]  # not itself: it may hold a password
        env[DATABASE] = database
    os.environ.pop(REDIS_URL, None)
    if redis is not None:
        command += ["--redis", f"env:{REDIS_URL}"]
        os.environ[REDIS_URL] = env[REDIS_URL] = redis
    # it is told its key, so that tokens can be made that are wrong in one thing only
    os.environ[PROBE_KEY] = os.environ.get(SIGNING_KEY) or secrets.token_hex(32)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**env, SIGNING_KEY: os.environ[PROBE_KEY]},
            start_new_session=True,  # Ctrl-C is for the driver, which ends the platform last
        )
        assert process.stdout is not None
        line = b""
        with gevent.Timeout(START_SECONDS, exception=False):
            line = process.stdout.readline()
        if not line:
            process.kill()
            code = process.wait()
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace").strip()
            if code == EXIT_USAGE:
                raise UsageError(
                    said.splitlines()[-1] if said else "the platform refused its options"
                )
            raise HarnessError(f"the reference platform did not start: {said[-2000:] or 'no word'}")
    announced = orjson.loads(line)
    os.environ[ROWS_URL] = announced["database"] if database is None else database
    os.environ[RESTART] = restart(announced)
    plan = msgspec.structs.replace(plan_for(announced), resources=_resources(process.pid))
    return Embedded(plan=plan, process=process)


def _resources(pid: int) -> Resources:
    """What of the platform is sampled: its processes, and its PostgreSQL where it has one."""
    stored = os.environ[ROWS_URL].startswith(("postgresql://", "postgres://"))
    return Resources(processes=Processes(pids=(pid,)), database=Database() if stored else None)
