"""`crosstalk baseline RUN`: a run as a small file that later runs are compared with."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import click

from crosstalk.commands.options import found, of_a_run, require_place
from isolation_checks.verdicts import baseline


@click.command(epilog="Example: crosstalk baseline latest -o baseline.json")
@of_a_run
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("baseline.json"),
    show_default=True,
    help="Where it is written; what stood there is replaced.",
)
def command(run: str, runs: Path, output: Path) -> int:
    """Write the samples of RUN to a file that can be committed: no words, no names, no secrets."""
    from isolation_checks.judging import comparing  # noqa: PLC0415 - slow to import
    from isolation_checks.loading import fold  # noqa: PLC0415 - slow to import

    require_place("--output", output)
    history = fold.load(found(run, runs))
    base = comparing.baseline(history, metadata.version("crosstalk-harness"))
    output.write_bytes(baseline.encode(base))
    kept = ", ".join(f"{each.of} of {name}" for name, each in base.indicators.items())
    click.echo(f"{output}: {kept or 'no samples'}")
    return 0
