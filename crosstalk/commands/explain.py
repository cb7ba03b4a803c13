"""`crosstalk explain RUN FINDING`: one finding, whole."""

from __future__ import annotations

from pathlib import Path

import click

from crosstalk.commands.options import found, look, of_a_run
from crosstalk.commands.stages import newest
from isolation_checks.errors import UsageError
from isolation_checks.verdicts import verdict


@click.command(epilog="Example: crosstalk explain latest F1")
@of_a_run
@click.argument("finding", default="F1")
def command(run: str, runs: Path, finding: str) -> int:
    """The least set of events that proves FINDING of RUN, in order, and what it looks like.

    FINDING is F1 where none is given; a report names them all.
    """
    folder = newest(found(run, runs))
    if folder is None:
        raise UsageError("this run was never judged; `crosstalk judge` does that")
    judgement = verdict.decode((folder / "verdict.json").read_bytes())
    finding = finding.upper()
    known = [each.id for each in judgement.findings]
    if finding not in known:
        there = f"there are {', '.join(known)}" if known else "it has none"
        raise UsageError(f"run {judgement.run} has no finding {finding!r}: {there}")
    from reports import text  # noqa: PLC0415 - after what may go wrong

    width, colour = look()
    click.echo(text.explain(judgement, finding, width=width, colour=colour), nl=False)
    return 0
