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

    One user's frames are put into another's session, as they are, encoded and split; rows are
    given to others; events are dropped.  The run itself is not touched, and every judgement
    does the same with the run's own seed.  Exit 2 where nothing could be planted.
    """
    from isolation_checks.checks.control_found import measured  # noqa: PLC0415 - slow to import
    from isolation_checks.control.measure import CONFIDENCE  # noqa: PLC0415 - slow to import
    from isolation_checks.loading.load import loaded  # noqa: PLC0415 - slow to import

    directory = found(run, runs)
    with progress() as say, loaded(directory, say) as opened:
        say("planting breaks into a copy, and looking for them")
        control = measured(opened, seed=seed)
    if not control.kinds:
        raise UsageError("nothing can be planted: no frame of this run holds its own user's canary")
    for kind in control.kinds:
        click.echo(f"{kind.channel:8}  {kind.kind:36} {kind.found:>4} of {kind.planted}")
    for each in control.detection:
        click.echo(
            f"{each.channel:8}  at least {each.lower:.1%} of such breaks are found, "
            f"at {CONFIDENCE:.1%}"
        )
    return 0
