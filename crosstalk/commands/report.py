"""`crosstalk report RUN`: render the newest judgement of a run again, or print one rendering."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from crosstalk.commands.options import found, of_a_run, progress
from crosstalk.commands.stages import newest, rendered
from isolation_checks.errors import UsageError
from isolation_checks.verdicts import verdict

FORMATS: Mapping[str, tuple[str, str]] = {
    "text": ("reports.text", "summary"),
    "json": ("isolation_checks.verdicts.verdict", "encode"),
    "junit": ("reports.junit", "render"),
    "sarif": ("reports.sarif", "render"),
    "markdown": ("reports.markdown", "render"),
    "github": ("reports.annotations", "render"),
}
"""Formats and what renders each; imported when it is wanted, so that none waits for another's."""


@click.command(
    epilog="Examples: crosstalk report latest · crosstalk report latest --format markdown"
)
@of_a_run
@click.option(
    "--format",
    "name",
    type=click.Choice(list(FORMATS)),
    help="Print this one to standard output, and write nothing.",
)
def command(run: str, runs: Path, name: str | None) -> int:
    """Render the newest judgement of RUN, and say where the report is.

    The exit code is 0 whatever the verdict is: rendering judges nothing.
    """
    folder = newest(found(run, runs))
    if folder is None:
        raise UsageError("this run was never judged; `crosstalk judge` does that")
    if name is not None:
        judgement = verdict.decode((folder / "verdict.json").read_bytes())
        click.echo(_renderer(name)(judgement), nl=False)  # bytes, as they are
        return 0
    with progress() as say:
        click.echo(rendered(folder, say))
    return 0


def _renderer(name: str) -> Callable[[verdict.Judgement], bytes]:
    module, function = FORMATS[name]
    render: Callable[[verdict.Judgement], bytes] = getattr(
        importlib.import_module(module), function
    )
    return render
