"""`crosstalk control RUN`: would a break have been found in this run?"""

from __future__ import annotations

from pathlib import Path

import click

from crosstalk.commands.options import found, of_a_run, progress
from isolation_checks.errors import UsageError


@click.command(epilog="Example: crosstalk control latest")
@of_a_run
@click.option("--seed", type=int, default=1, show_default=True, help="Where breaks are planted.")
def command(run: str, runs: Path, seed: int) -> int:
    """Plant breaks into a copy of RUN and count how many are found again.

    One user's frames are put into another's session, as they are and encoded; the run
    itself is not touched.  Exit 2 where nothing could be planted.
    """
    from isolation_checks.control.measure import CONFIDENCE, measure  # noqa: PLC0415 - slow to import

    directory = found(run, runs)
    with progress() as say:
        measured = measure(directory, seed=seed, progress=say)
    if measured.lower is None:
        raise UsageError("nothing can be planted: no frame of this run holds its own user's canary")
    for kind, planted in measured.planted.items():
        click.echo(f"{kind:20} {measured.found.get(kind, 0):>4} of {planted}")
    click.echo(f"found at least {measured.lower:.1%} of such breaks, at {CONFIDENCE:.1%}")
    return 0
