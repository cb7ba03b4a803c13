"""`crosstalk demo`: drive the embedded platform with the main scenario, and show the verdict."""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

import locustfiles
from crosstalk.commands.options import look, of_runs
from crosstalk.commands.stages import newest
from crosstalk.trials import known_faults
from isolation_checks.errors import EXIT_BROKEN, EXIT_USAGE
from isolation_checks.history.directory import RunDirectory
from isolation_checks.plan import references
from isolation_checks.selftest import trials
from isolation_checks.verdicts import verdict

AFTER_SECONDS = 12.0
"""About how long draining, reading the rows and judging take."""
TAIL = 4_000


@click.command(
    epilog="Examples: crosstalk demo · crosstalk demo --fault shared_socket · "
    "crosstalk demo --fault lost_row=0.02 --users 10 --seconds 20"
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=RATE]",
    help="A fault for the platform to commit; may be given several times.",
)
@click.option(
    "--users", default=20, show_default=True, type=click.IntRange(1, 5000), help="Users at a time."
)
@click.option(
    "--seconds",
    default=35,
    show_default=True,
    type=click.IntRange(1, 86_400),
    help="For how long they are there.",
)
@click.option(
    "--database",
    metavar="URL",
    help="postgresql://… or sqlite:///PATH, or env:NAME with one, instead of a temporary SQLite "
    "file.",
)
@click.option(
    "--redis", metavar="URL", help="A Redis for its cache and its sessions: redis://… or env:NAME."
)
@click.option("--workers", type=click.IntRange(1, 64), help="Workers of the platform; else one.")
@of_runs
@click.option("--seed", type=int, help="Seed of names, words and pauses.")
def command(  # noqa: PLR0913, PLR0917 - one argument an option
    faults: tuple[str, ...],
    users: int,
    seconds: int,
    database: str | None,
    redis: str | None,
    workers: int | None,
    runs: Path,
    seed: int | None,
) -> int:
    """Start the reference platform, drive it with many users, judge what was seen.

    The exit code is the verdict's: 0 PASS, 1 FAIL, 3 UNKNOWN.
    """
    for option, url in (("--database", database), ("--redis", redis)):
        if url is not None:
            references.typed(option, url)
    if faults:  # before anything is announced
        trials.asked_for([each for words in faults for each in words.split(",")], known_faults())
    name = f"{datetime.now(UTC):%m%d-%H%M}-{secrets.token_hex(2)}"
    scenario = Path(locustfiles.__path__[0]) / "agents.py"
    asked = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(scenario),
        "--headless",
        "-u",
        str(users),
        "-r",
        str(max(1, users / 4)),
        "-t",
        f"{seconds}s",
        "--only-summary",
        "--runs",
        str(runs),
        "--run",
        name,
    ]
    asked += ["--fault", ",".join(faults)] if faults else []
    asked += ["--database", database] if database else []
    asked += ["--redis", redis] if redis else []
    asked += ["--replicas", str(workers)] if workers else []
    asked += ["--seed", str(seed)] if seed is not None else []
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            asked, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            code = _watched(process, seconds, users)
        except KeyboardInterrupt:
            code = process.wait()
        folder = newest(RunDirectory(runs / name))
        if folder is None:
            return _failed(said, code)
        judgement = verdict.decode((folder / "verdict.json").read_bytes())
        if code != judgement.exit_code:  # whatever was judged, the drive broke
            _tail(said)
            click.echo(f"crosstalk: the drive broke, and ended with {code}", err=True)
            code = EXIT_BROKEN
    from reports import text  # noqa: PLC0415 - after the slow part

    width, colour = look()
    click.echo(text.render(judgement, width=width, colour=colour), nl=False)
    click.echo(f"report {folder / 'report' / 'index.html'}")
    return code


def _watched(process: subprocess.Popen[bytes], seconds: int, users: int) -> int:
    """Wait for a drive, showing how far it is where somebody is looking."""
    expected = seconds + AFTER_SECONDS
    click.echo(
        f"driving the reference platform with {users} users for {seconds} s, "
        f"then judging: about {expected:.0f} s",
        err=True,
    )
    if not sys.stderr.isatty():
        return process.wait()
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - only where it is shown

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bars:
        task = bars.add_task("driving", total=expected)
        began = time.monotonic()
        while process.poll() is None:
            time.sleep(0.2)
            passed = time.monotonic() - began
            what = "driving" if passed < seconds + 2 else "reading the rows and judging"
            bars.update(task, completed=min(passed, expected * 0.99), description=what)
    return process.wait()


def _failed(said: IO[bytes], code: int) -> int:
    """There is no judgement: say what the drive said, and never anything like PASS."""
    own = [line for line in _text(said).splitlines() if line.startswith("crosstalk: ")]
    if code == EXIT_USAGE and own:
        click.echo(own[-1], err=True)
        return EXIT_USAGE
    _tail(said)
    click.echo(f"crosstalk: the drive ended with {code} and left no judgement", err=True)
    return code if code in (EXIT_USAGE, EXIT_BROKEN) else EXIT_BROKEN


def _tail(said: IO[bytes]) -> None:
    click.echo(_text(said)[-TAIL:], err=True)


def _text(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode("utf-8", "replace").strip()
