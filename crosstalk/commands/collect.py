"""`crosstalk collect RUN`: read the platform's rows into a run."""

from __future__ import annotations

from pathlib import Path

import click

from crosstalk.commands.options import found, of_a_run, progress
from isolation_checks.errors import UsageError
from isolation_checks.rows.collect import collect, read_said


@click.command(epilog="Example: crosstalk collect latest && crosstalk judge latest")
@of_a_run
def command(run: str, runs: Path) -> int:
    """Read the rows that the plan of RUN describes: settled, read-only, in one snapshot.

    Exit 3 where they could not be read.  What they say is for `crosstalk judge`.
    """
    directory = found(run, runs)
    with progress() as say:
        say("waiting for the rows to settle, then reading them")
        folder = collect(directory)
    if folder is None:
        raise UsageError("the plan of this run names no database; add [rows] to it")
    said = read_said(folder)
    if said.get("problem"):
        click.echo(f"the rows could not be read: {said['problem']}")
        return 3
    for name, table in said["tables"].items():
        click.echo(f"{name:20} {table['records']:>10,} rows")
    click.echo(f"in {folder}")
    return 0
