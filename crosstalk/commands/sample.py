"""`crosstalk sample RUN`: samples the platform's resources until its input ends."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

import click

from crosstalk.commands.options import found, of_a_run


@click.command(hidden=True)
@of_a_run
def command(run: str, runs: Path) -> int:
    """Sample what the plan of RUN names, beside the drive, until standard input ends."""
    from isolation_checks.plan import read  # noqa: PLC0415 - slow to import
    from isolation_checks.resources import sampling  # noqa: PLC0415 - slow to import

    directory = found(run, runs)
    plan = read.decode(directory.describe()["plan"])
    if plan.resources is None:
        return 0

    def told_to_stop(seconds: float) -> bool:
        return bool(select.select([sys.stdin], [], [], seconds)[0])

    os.environ.setdefault("PGCONNECT_TIMEOUT", "5")  # a database that is away is away, and said
    every_s = float(plan.resources.every)
    sampling.sample(sampling.sources(plan), directory.resources, every_s, told_to_stop)
    return 0
