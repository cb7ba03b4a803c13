"""The stages after the drive, as functions: collect, judge, render."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from isolation_checks.errors import HarnessError
from isolation_checks.history.directory import RunDirectory, add
from isolation_checks.verdicts import verdict
from isolation_checks.verdicts.verdict import Judgement

Progress = Callable[[str], None]


def judged(run: RunDirectory, progress: Progress) -> tuple[Judgement, Path]:
    """Judge a run and render the judgement; the judgement and the page."""
    judgement, folder = weighed(run, progress)
    return judgement, rendered(folder, progress)


def weighed(run: RunDirectory, progress: Progress) -> tuple[Judgement, Path]:
    """Judge a run; the judgement and its folder, in which nothing is rendered yet."""
    from isolation_checks.judging.judge import judge  # noqa: PLC0415 - slow to import
    from isolation_checks.loading.load import loaded  # noqa: PLC0415 - slow to import

    with loaded(run, progress) as opened:
        judgement = judge(opened, progress=progress)
    folder = run.next_in(run.judgements)
    add(folder / "verdict.json", verdict.encode(judgement))
    return judgement, folder


def rendered(folder: Path, progress: Progress) -> Path:
    """Render a judgement's folder.

    Raises:
        HarnessError: there is no room for the report; the judgement stands all the same.
    """
    from reports.write import write  # noqa: PLC0415 - slow to import

    progress("drawing the report")
    try:
        return write(folder)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise HarnessError(f"cannot write the report in {folder}: {error.strerror}") from error


def newest(run: RunDirectory) -> Path | None:
    """The folder of the newest judgement of a run."""
    return run.latest_in(run.judgements, "verdict.json")
