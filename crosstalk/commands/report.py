"""`crosstalk report RUN`: render the newest judgement of a run again."""

from __future__ import annotations

from pathlib import Path

import click

from crosstalk.commands.options import found, of_a_run, progress
from crosstalk.commands.stages import newest, rendered
from isolation_checks.errors import UsageError


@click.command(epilog="Example: crosstalk report latest")
@of_a_run
def command(run: str, runs: Path) -> int:
    """Render the newest judgement of RUN, and say where the report is."""
    folder = newest(found(run, runs))
    if folder is None:
        raise UsageError("this run was never judged; `crosstalk judge` does that")
    with progress() as say:
        click.echo(rendered(folder, say))
    return 0
