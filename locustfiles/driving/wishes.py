"""What somebody who types `locust …` wants: which platform, by which plan, under which name.

What cannot be is said before anything is driven.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

from isolation_checks.errors import HarnessError, UsageError
from isolation_checks.history import directory
from isolation_checks.plan import hosts, read, references
from isolation_checks.plan.model import Plan
from locustfiles.driving import embedded
from locustfiles.driving.embedded import Embedded

_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def sensible(options: Any) -> None:  # noqa: ANN401 - argparse
    """Look at what Locust takes and nobody can mean.

    Raises:
        UsageError: nobody can drive so.
    """
    if options.num_users is not None and options.num_users < 1:
        raise UsageError(f"-u {options.num_users}: at least one user is needed")


def folder(name: str) -> Path:
    """The folder of all runs, made where it is not there yet.

    Raises:
        UsageError: it can be none, or nothing can be written there.
        HarnessError: the disk is full or broken.
    """
    runs = Path(name).resolve()
    try:
        directory.make(runs)
        writable = os.access(runs, os.W_OK | os.X_OK)
    except OSError as error:
        if error.errno in _OF_THE_DISK:
            raise HarnessError(f"cannot make the folder {runs}: {error.strerror}") from error
        raise UsageError(
            f"--runs {name}: there can be no folder ({error.strerror}: {error.filename}); "
            "name another"
        ) from error
    if not writable:
        raise UsageError(f"--runs {name}: nothing can be written there; name another folder")
    return runs


def planned(options: Any, host: str | None) -> tuple[Plan, Embedded | None]:  # noqa: ANN401 - argparse
    """The plan of a file, or that of the embedded platform, which is started for it.

    Raises:
        UsageError: the plan, the host or an option is wrong.
        HarnessError: the embedded platform did not start.
    """
    platform = None
    given = [name for name in ("fault", "database", "replicas", "redis") if getattr(options, name)]
    if given and (options.plan is not None or host):
        raise UsageError(
            f"--{given[0]} is the embedded platform's, which is driven where there is neither "
            f"--plan nor --host; leave out one or the other"
        )
    if options.plan is not None:
        plan = read.load(Path(options.plan))
    elif host:
        plan = embedded.plan_elsewhere()
    else:
        faults = [fault for fault in (options.fault or "").split(",") if fault]
        more = ["--workers", str(options.replicas)] if options.replicas else []
        platform = embedded.start(faults, _database(options), more, redis=_redis(options))
        plan = platform.plan
    if host:
        plan = hosts.with_host(plan, host)
    hosts.refuse_strangers(plan)
    references.require(plan)
    return plan, platform


def _database(options: Any) -> str | None:  # noqa: ANN401 - argparse
    """The address of the embedded platform's database, where one is named."""
    return None if options.database is None else references.typed("--database", options.database)


def _redis(options: Any) -> str | None:  # noqa: ANN401 - argparse
    """The address of the embedded platform's Redis, where one is named."""
    if options.redis is None:
        return None
    url = references.typed("--redis", options.redis)
    if not url.startswith(("redis://", "rediss://")):
        raise UsageError("--redis: write it like redis://127.0.0.1:6379/0")
    return url


def free_name(runs: Path, name: str | None) -> str | None:
    """The name that a run shall have, where it can have it.

    Raises:
        UsageError: it cannot.
    """
    if name is None:
        return None
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name) or name == "latest":
        raise UsageError(f"--run {name!r}: a name is made of letters, digits, dots and dashes")
    if (runs / name).exists():
        raise UsageError(f"--run {name}: there is such a run, and a run is evidence; name another")
    return name
