"""Judges anew what a selftest has driven: differences are then the judge's alone."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from crosstalk import trials
from isolation_checks.errors import EXIT_BROKEN, EXIT_USAGE, UsageError
from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.selftest import scores
from isolation_checks.selftest.nouns import HONEST, Fault, Result, Selftest, Trial


def rejudged(
    state: Path,
    known: Mapping[str, Fault],
    jobs: int,
    command: str,
    said: Callable[[Result], None],
) -> Selftest:
    """The scores of what was driven before, as today's checks see it.

    `said` is told each result as it comes.  A result is kept in the place of the older one,
    unless its run is gone or cannot be judged.

    Raises:
        UsageError: no selftest has come to its end there, or what it left is no result.
    """
    try:
        before = msgspec.json.decode((state / "selftest.json").read_bytes(), type=Selftest)
    except (OSError, msgspec.DecodeError):
        raise UsageError(f"{state} holds no whole selftest to be judged again") from None
    order = {fault: number for number, fault in enumerate((HONEST, *known))}
    driven = [trials.kept(path).trial for path in (state / "results").glob("*.json")]
    driven.sort(key=lambda t: (order.get(t.fault, len(order)), t.database != "sqlite", t.id))

    def again(trial: Trial) -> Result:
        result = _judged(trial, known.get(trial.fault), state / "runs")
        said(result)
        if result.problem is None:
            fresh = state / "results" / f"{trial.id}.fresh"
            fresh.unlink(missing_ok=True)
            add_json(fresh, result)
            fresh.replace(fresh.with_suffix(".json"))  # there is always one or the other
        return result

    with ThreadPoolExecutor(jobs) as pool:
        done = list(pool.map(again, driven))
    return scores.whole(known, done, before.not_run, f"{before.command}; {command}")


def _judged(trial: Trial, fault: Fault | None, runs: Path) -> Result:
    made = list(itertools.takewhile(lambda name: (runs / name).exists(), trials.names(trial)))
    if not made:
        return Result(trial=trial, problem=f"its run is not in {runs} any more")
    run = runs / made[-1]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "crosstalk", "judge", "--no-report", str(run)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode in (EXIT_USAGE, EXIT_BROKEN):
        return Result(trial=trial, problem=f"judging ended with {done.returncode}: {said[-600:]}")
    return trials.result(trial, fault, RunDirectory(run), said)
