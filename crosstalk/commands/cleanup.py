"""`crosstalk cleanup RUN`: remove what a run created on its platform."""

from __future__ import annotations

from pathlib import Path

import click

from crosstalk.commands.options import found, of_a_run, progress


@click.command(epilog="Example: crosstalk cleanup latest")
@of_a_run
def command(run: str, runs: Path) -> int:
    """Remove the accounts that RUN created, or print what cannot be removed.

    The evidence itself stays as it is.  Exit 3 where anything is left.
    """
    from locustfiles.driving.cleaning import clean  # noqa: PLC0415 - slow to import

    with progress() as say:
        cleaned = clean(found(run, runs), say)
    click.echo(f"removed {len(cleaned.removed)} accounts")
    for line in cleaned.left:
        click.echo(f"left: {line}")
    return 3 if cleaned.left else 0
