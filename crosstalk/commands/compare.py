"""`crosstalk compare BASE RUN`: what became better, and what worse."""

from __future__ import annotations

import math
from importlib import metadata
from pathlib import Path

import click

from crosstalk.commands.options import found, of_a_run
from isolation_checks.errors import UsageError
from isolation_checks.verdicts import baseline


@click.command(epilog="Example: crosstalk compare baseline.json latest --margin 10%")
@click.argument("base", metavar="BASE")
@of_a_run
@click.option(
    "--margin",
    default="10%",
    show_default=True,
    help="By how much a value may grow before it is a regression.",
)
@click.option("--anyway", is_flag=True, help="Compare runs under different loads too.")
def command(base: str, run: str, runs: Path, margin: str, anyway: bool) -> int:  # noqa: FBT001 - click's flag
    """Compare RUN with BASE, a file of `crosstalk baseline` or another run.

    Exit 1 where an indicator is worse by more than the margin, 3 where the samples do not
    suffice to tell, else 0.
    """
    from isolation_checks.judging import comparing  # noqa: PLC0415 - slow to import
    from reports import comparison  # noqa: PLC0415 - slow to import

    compared = comparing.compared(
        _opened(base, runs), _opened(run, runs), _share(margin), anyway=anyway
    )
    click.echo(comparison.render(compared), nl=False)
    return compared.exit_code


def _opened(name: str, runs: Path) -> baseline.Baseline:
    from isolation_checks.judging import comparing  # noqa: PLC0415 - slow to import
    from isolation_checks.loading import fold  # noqa: PLC0415 - slow to import

    if Path(name).is_file():
        try:
            return baseline.decode(Path(name).read_bytes())
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from error
    if name.endswith(".json"):
        raise UsageError(f"there is no file {name}; `crosstalk baseline RUN -o {name}` makes one")
    return comparing.baseline(fold.load(found(name, runs)), metadata.version("crosstalk-harness"))


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError as error:
        raise UsageError(f"--margin {text!r}: write it like 10% or 0.1") from error
    if not 0 <= share < math.inf:
        raise UsageError(f"--margin {text!r}: a margin is a number, and not below zero")
    return share
