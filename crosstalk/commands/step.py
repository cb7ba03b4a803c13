"""`crosstalk step RUN`: what a load showed, asked by a drive that goes on and may go higher."""

from __future__ import annotations

import json
from pathlib import Path

import click

from crosstalk.commands.options import found, of_a_run


@click.command(hidden=True)
@of_a_run
@click.option("--users", type=int, required=True)
@click.option("--from", "from_s", type=float, required=True)
@click.option("--to", "to_s", type=float, required=True)
@click.option("--began", "began_s", type=float, required=True)
def command(run: str, runs: Path, users: int, from_s: float, to_s: float, began_s: float) -> int:  # noqa: PLR0913, PLR0917 - one argument an option
    """Judge a step of RUN from what was written down so far, in a line of JSON."""
    from isolation_checks.judging import steps  # noqa: PLC0415 - slow to import
    from isolation_checks.loading import fold  # noqa: PLC0415 - slow to import
    from isolation_checks.verdicts.lattice import Verdict  # noqa: PLC0415 - slow to import

    step = steps.Held(
        number=0, users=users, confirms=False, began_s=began_s, from_s=from_s, to_s=to_s
    )
    judged, drowning = steps.shown(fold.load(found(run, runs)), step)
    showed = {Verdict.PASS: "borne", Verdict.FAIL: "breached"}.get(judged.verdict, "unclear")
    why = [
        f"{o.statement}: {o.note or o.verdict}" for o in judged.objectives if o.verdict != "PASS"
    ]
    said = {
        "showed": showed,
        "drowning": drowning,
        "why": "; ".join(filter(None, [judged.note, *why])),
        "queries": judged.queries,
        "throughput": judged.throughput.value,
    }
    click.echo(json.dumps(said))
    return 0
