"""`crosstalk judge RUN`: judge a run, again or for the first time."""

from __future__ import annotations

from pathlib import Path

import click

from crosstalk.commands.options import found, look, of_a_run, progress
from crosstalk.commands.stages import judged


@click.command(epilog="Example: crosstalk judge latest")
@of_a_run
def command(run: str, runs: Path) -> int:
    """Judge RUN (a name, a path, or `latest`) from its evidence, and render the judgement.

    The exit code is the verdict's: 0 PASS, 1 FAIL, 3 UNKNOWN.
    """
    with progress() as say:
        judgement, page = judged(found(run, runs), say)
    from reports import text  # noqa: PLC0415 - after the slow part

    width, colour = look()
    click.echo(text.render(judgement, width=width, colour=colour), nl=False)
    click.echo(f"report {page}")
    return judgement.exit_code
