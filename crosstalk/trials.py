"""Makes one trial of a selftest: a platform with its fault, a drive of it, and its judgement."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import locustfiles
from isolation_checks.errors import EXIT_BROKEN, EXIT_USAGE, HarnessError, UsageError
from isolation_checks.history.directory import RunDirectory
from isolation_checks.selftest import scores
from isolation_checks.selftest.nouns import Fault, Result, Trial
from isolation_checks.verdicts import verdict

START_SECONDS = 60
"""How long a platform may take to announce itself; it takes about one."""
AFTER_SECONDS = 600
"""How long a drive may take to drain, be read and be judged on a busy machine."""
ROWS_URL, REDIS_URL = "CROSSTALK_ROWS_URL", "CROSSTALK_REDIS_URL"
RESTART = "CROSSTALK_RESTART"
PROBE_KEY, SIGNING_KEY = "CROSSTALK_PROBE_KEY", "REFERENCE_JWT_SECRET"
DATABASE = "REFERENCE_DATABASE_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What trials stand on: where runs go, and the servers there are."""

    runs: Path
    postgresql: str | None
    redis: str | None


def known_faults() -> dict[str, Fault]:
    """The faults of the reference platform, as it tells of them itself."""
    asked = [sys.executable, "-m", "reference_platform", "--faults"]
    done = subprocess.run(asked, capture_output=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise HarnessError(f"the reference platform cannot say: {done.stderr.decode()[-500:]}")
    return {f.name: f for f in msgspec.json.decode(done.stdout, type=list[Fault])}


def made(trial: Trial, fault: Fault | None, stand: Stand) -> Result:
    """Drive a trial and read what its judgement says; what went wrong is its problem."""
    key = secrets.token_hex(32)
    try:
        with _platform(trial, stand, key) as announced:
            name = next(name for name in names(trial) if not (stand.runs / name).exists())
            env = {ROWS_URL: announced["database"], PROBE_KEY: key}
            if trial.workers > 1:
                env[RESTART] = f"kill -USR1 {announced['pid']}"
            if trial.redis:
                env[REDIS_URL] = str(stand.redis)
            said = _driven(trial, name, announced["http"], stand, env)
        return result(trial, fault, RunDirectory(stand.runs / name), said)
    except (HarnessError, subprocess.TimeoutExpired) as error:
        return Result(trial=trial, problem=str(error))


def result(trial: Trial, fault: Fault | None, run: RunDirectory, said: str) -> Result:
    """What the latest judgement of a trial's run says; what was `said` where there is none."""
    folder = run.latest_in(run.judgements, "verdict.json")
    if folder is None:
        return Result(trial=trial, problem=f"no judgement: {said[-600:]}")
    judgement = verdict.decode((folder / "verdict.json").read_bytes())
    return scores.read(trial, fault, run, judgement)


def kept(path: Path) -> Result:
    """The result that stands in a file.

    Raises:
        UsageError: it is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except msgspec.DecodeError as error:
        raise UsageError(f"{path} is no result ({error}); name another --state") from error


def names(trial: Trial) -> Iterator[str]:
    """Names for runs of a trial: one that was interrupted has left its own behind, as evidence."""
    yield trial.id
    for number in itertools.count(2):
        yield f"{trial.id}-{number}"


@contextmanager
def _platform(trial: Trial, stand: Stand, key: str) -> Iterator[Mapping[str, Any]]:
    command = [sys.executable, "-m", "reference_platform", "--with-parent"]
    command += ["--seed", str(trial.seed), "--workers", str(trial.workers)]
    for word in trial.faults:
        command += ["--fault", word]
    env = {**os.environ, SIGNING_KEY: key}
    if trial.database == "postgresql":
        command += ["--database", f"env:{DATABASE}"]  # not itself: it may hold a password
        env[DATABASE] = str(stand.postgresql)
    if trial.redis:
        command += ["--redis", f"env:{REDIS_URL}"]
        env[REDIS_URL] = str(stand.redis)
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - our own interpreter
            command, stdout=subprocess.PIPE, stderr=errors, env=env
        ) as process,
    ):
        try:
            assert process.stdout is not None  # it is a pipe
            ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
            line = process.stdout.readline() if ready else b""
            if not line:
                errors.seek(0)
                raise HarnessError(f"the platform did not start: {errors.read()[-600:]!r}")
            announced = json.loads(line)
            if trial.database == "postgresql":
                announced["database"] = stand.postgresql
            yield announced
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _driven(trial: Trial, name: str, host: str, stand: Stand, env: Mapping[str, str]) -> str:
    """Drive the platform with the main scenario; what Locust said."""
    scenario = Path(locustfiles.__path__[0]) / "agents.py"
    load = ["-u", str(trial.users), "-r", str(max(1, trial.users / 4)), "-t", f"{trial.seconds}s"]
    where = ["--host", host, "--runs", str(stand.runs), "--run", name]
    command = [sys.executable, "-m", "locust", "-f", str(scenario), "--headless", *load]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "--only-summary", *where, "--seed", str(trial.seed)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=trial.seconds + AFTER_SECONDS,
        env={**os.environ, **env},
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode in (EXIT_USAGE, EXIT_BROKEN):
        raise HarnessError(f"the drive ended with {done.returncode}: {said[-600:]}")
    return said
