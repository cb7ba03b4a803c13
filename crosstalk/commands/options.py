"""What subcommands share: which run is meant, where progress goes, how wide the terminal is."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from isolation_checks.errors import UsageError
from isolation_checks.history import directory
from isolation_checks.history.directory import RunDirectory

_Command = Callable[..., Any]


def of_runs(function: _Command) -> _Command:
    """The option --runs."""
    return click.option(
        "--runs",
        type=click.Path(path_type=Path),
        default=lambda: Path(os.environ.get("CROSSTALK_RUNS", "runs")),
        help="Folder of all runs (default: $CROSSTALK_RUNS, or else runs).",
    )(function)


def of_a_run(function: _Command) -> _Command:
    """The argument RUN and the option --runs."""
    return of_runs(click.argument("run", metavar="RUN")(function))


def found(run: str, runs: Path) -> RunDirectory:
    """The run that is meant: its name, its path, or `latest`."""
    return directory.find(run, runs)


def require_place(option: str, file: Path) -> None:
    """Make sure that a file can be written, before anything is done to fill it.

    Raises:
        UsageError: there is no such folder, or it may not be written to.
    """
    if file.is_dir() or not file.parent.is_dir():
        raise UsageError(f"{option} {file}: there is no such folder, or it is one; name a file")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UsageError(f"{option} {file}: it may not be written; name another")


def look() -> tuple[int, bool]:
    """The width of the terminal and whether it takes colours."""
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return (shutil.get_terminal_size((110, 40)).columns if colour else 110), colour


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Says what is being done, on standard error, where somebody is looking."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where it is shown

    with Console(stderr=True).status("…") as status:
        yield status.update
