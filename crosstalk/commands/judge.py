"""`crosstalk judge RUN`: judge a run, again or for the first time."""

from __future__ import annotations

from pathlib import Path

import click

from crosstalk.commands.options import found, look, of_a_run, progress
from crosstalk.commands.stages import rendered, weighed


@click.command(epilog="Example: crosstalk judge latest")
@of_a_run
@click.option("--no-report", is_flag=True, help="Draw none; `crosstalk report` does it later.")
def command(run: str, runs: Path, no_report: bool) -> int:  # noqa: FBT001 - click's
    """Judge RUN (a name, a path, or `latest`) from its evidence, and render the judgement.

    The exit code is the verdict's: 0 PASS, 1 FAIL, 3 UNKNOWN.
    """
    with progress() as say:
        judgement, folder = weighed(found(run, runs), say)
        page = None if no_report else rendered(folder, say)
    from reports import text  # noqa: PLC0415 - after the slow part

    width, colour = look()
    click.echo(text.render(judgement, width=width, colour=colour), nl=False)
    if page is not None:
        click.echo(f"report {page}")
    return judgement.exit_code
