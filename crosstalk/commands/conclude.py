"""`crosstalk conclude RUN`: what a drive has done at its end, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import click

from crosstalk.commands.options import found, look, of_a_run, progress
from crosstalk.commands.stages import judged


@click.command(hidden=True)
@of_a_run
def command(run: str, runs: Path) -> int:
    """Collect the rows of RUN, judge it and render the judgement."""
    from isolation_checks.rows.collect import collect  # noqa: PLC0415 - slow to import

    directory = found(run, runs)
    with progress() as say:
        say("reading the platform's rows")
        collect(directory)
        judgement, page = judged(directory, say)
    from reports import text  # noqa: PLC0415 - after the slow part

    width, colour = look()
    click.echo(text.render(judgement, width=width, colour=colour), nl=False)
    click.echo(f"report {page}")
    return judgement.exit_code
