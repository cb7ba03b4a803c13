"""`crosstalk capacity RUN`: how many users the platform serves within its objectives."""

from __future__ import annotations

from pathlib import Path

import click

from crosstalk.commands.options import found, look, of_a_run, progress
from isolation_checks.errors import UsageError
from isolation_checks.history.directory import add


@click.command(epilog="Example: crosstalk capacity latest --peak 200 --think 10")
@of_a_run
@click.option("--peak", type=click.IntRange(1), help="Users that are expected at most.")
@click.option(
    "--replicas",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Replicas of the platform that were driven.",
)
@click.option("--think", type=click.FloatRange(0), help="Another pause between queries, in s.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(  # noqa: PLR0913, PLR0917 - one argument an option
    run: str,
    runs: Path,
    peak: int | None,
    replicas: int,
    think: float | None,
    as_json: bool,  # noqa: FBT001 - click's flag
) -> int:
    """Say how many users the platform of RUN served within every objective, and what limits it.

    RUN was driven with locustfiles/capacity.py.  The answer, and a page of it, are
    kept in its folder `capacity/`.
    """
    from isolation_checks.judging import forecasts, planner, steps  # noqa: PLC0415 - slow to import
    from isolation_checks.loading.load import loaded  # noqa: PLC0415 - slow to import
    from isolation_checks.verdicts import capacity  # noqa: PLC0415 - slow to import

    directory = found(run, runs)
    held = steps.held(directory)
    if not held:
        raise UsageError(
            f"run {directory.id} held no steps; drive one with "
            "`locust -f locustfiles/capacity.py --headless`"
        )
    wanted = forecasts.Wanted(peak=peak, replicas=replicas, think_s=think)
    with progress() as say, loaded(directory, say) as opened:
        planned = planner.capacity(opened, held, wanted)
    folder = directory.next_in(directory.path / "capacity")
    add(folder / "capacity.json", capacity.encode(planned))
    if as_json:
        click.echo(capacity.encode(planned), nl=False)
        return 0
    from reports import capacity as shown  # noqa: PLC0415 - after the slow part
    from reports.write import write_capacity  # noqa: PLC0415 - slow to import

    click.echo(shown.render(planned, width=look()[0]), nl=False)
    click.echo(f"report {write_capacity(folder)}")
    return 0
