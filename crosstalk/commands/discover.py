"""`crosstalk discover PLAN`: where the platform keeps what it is told, as a plan's `[rows]`."""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

import locustfiles
from crosstalk.commands.options import found, of_runs, progress, require_place
from isolation_checks.errors import HarnessError, UsageError
from isolation_checks.history.directory import RunDirectory
from isolation_checks.plan import files, read
from isolation_checks.plan.tables.workload import Provocations
from isolation_checks.plan.units import Duration

JUDGING_SECONDS = 120
TAIL = 2_000
NOTHING_SEEN = 3
KEPT = ("twins",)
"""The provocations that make more words, and no failures."""


@click.command(
    epilog="Examples: crosstalk discover my-platform.toml · "
    "crosstalk discover my-platform.toml --also env:REDIS_URL --write rows.toml"
)
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--also", multiple=True, metavar="URL", help="One more database to look into.")
@click.option(
    "--users",
    default=6,
    show_default=True,
    type=click.IntRange(2, 50),
    help="Users who plant words.",
)
@click.option(
    "--seconds",
    default=10,
    show_default=True,
    type=click.IntRange(3, 300),
    help="How long they do.",
)
@click.option("--run", "run_name", metavar="RUN", help="Look for this run instead of driving.")
@click.option(
    "--write",
    "file",
    type=click.Path(path_type=Path),
    help="Write to a file that is not there yet, instead of to the screen.",
)
@of_runs
def command(  # noqa: PLR0913, PLR0917 - one argument an option
    plan: Path,
    also: tuple[str, ...],
    users: int,
    seconds: int,
    run_name: str | None,
    file: Path | None,
    runs: Path,
) -> int:
    """Plant words by driving PLAN for a few seconds, and find them in its database.

    Of PLAN's [rows] only the url is needed.  What is printed is a proposal: read it, and
    confirm each line.
    """
    from isolation_checks.discovery import discover  # noqa: PLC0415 - slow to import
    from isolation_checks.loading.load import loaded  # noqa: PLC0415 - slow to import

    if file is not None and file.exists():
        raise UsageError(f"--write {file}: there is such a file already; name another")
    if file is not None:
        require_place("--write", file)
    table, urls, kept = _read(plan, also)
    discover.require_readable(urls)
    with progress() as say:
        if run_name is not None:
            directory = found(run_name, runs)
        else:
            directory = _driven(table, plan, users, seconds, runs, say)
        with loaded(directory, say) as run:
            discovered = discover.discover(run, urls, say, kept)
    for line in discovered.unseen:
        click.echo(f"left out: {line}", err=True)
    if not discovered.tables:
        click.echo(
            "crosstalk: nothing of the run was seen in any table; is this the platform's "
            "database, and may this role see all rows?",
            err=True,
        )
        return NOTHING_SEEN
    if file is None:
        click.echo(discovered.toml, nl=False)
    else:
        with file.open("x", encoding="utf-8") as writing:
            writing.write(discovered.toml)
        click.echo(f"{', '.join(discovered.tables)}: in {file}", err=True)
    return 0


_Read = tuple[dict[str, Any], tuple[str, ...], dict[str, Any]]


def _read(plan: Path, also: tuple[str, ...]) -> _Read:
    """The plan's tables without its rows, the databases to look into, and what rows say besides."""
    try:
        table = tomllib.loads(files.text(plan, "the plan"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{plan} is not valid TOML: {error}") from error
    rows = table.pop("rows", None)
    url = rows.get("url") if isinstance(rows, dict) else None
    if not isinstance(rows, dict) or not isinstance(url, str):
        raise UsageError(
            f"{plan} names no database; add [rows] with its url, for example "
            "url = 'env:DATABASE_URL'"
        )
    given = rows.get("tables", [])
    tables = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    theirs = [one["url"] for one in tables if isinstance(one.get("url"), str)]
    urls = tuple(dict.fromkeys((url, *theirs, *also)))
    for each in urls:  # what is wrong with the plan, or with an address, is said as ever
        over = {"url": each, "tables": [{"name": "any", "url": "env:ANY"}]}
        read.load(plan, {"rows": over})
    kept = {key: rows[key] for key in rows.keys() - {"url", "tables", "owner_is"}}
    return table, urls, kept


def _driven(  # noqa: PLR0913, PLR0917 - what a drive needs
    table: dict[str, Any],
    plan: Path,
    users: int,
    seconds: int,
    runs: Path,
    say: Callable[[str], None],
) -> RunDirectory:
    """Drive a plan without its rows, gently, with the ordinary driver; the run."""
    from isolation_checks.discovery import written  # noqa: PLC0415 - with its fellows

    name = f"discover-{datetime.now(UTC):%m%d-%H%M%S}-{secrets.token_hex(2)}"
    every = msgspec.structs.fields(Provocations)
    timed = [field.encode_name for field in every if field.type is Duration]
    table = {key: value for key, value in table.items() if key != "probes"}
    table = {**table, "provocations": {key: "0s" for key in timed if key not in KEPT}}
    # nobody reads its verdict, so that it needs no control
    table["isolation"] = {**table.get("isolation", {}), "control": False}
    asked = [sys.executable, "-m", "locust", "-f"]
    asked += [str(Path(locustfiles.__path__[0]) / "agents.py"), "--headless", "--only-summary"]
    asked += ["-u", str(users), "-r", str(users), "-t", f"{seconds}s"]
    asked += ["--runs", str(runs), "--run", name]
    say(f"driving with {users} users for {seconds} s")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / plan.name
        path.write_text(written.plan(table), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [*asked, "--plan", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=seconds + JUDGING_SECONDS,
        )
    directory = RunDirectory(runs / name)
    if not directory.description.exists():
        text = done.stdout.decode("utf-8", "replace").strip()
        own = [line for line in text.splitlines() if line.startswith("crosstalk: ")]
        if own:
            raise UsageError(own[-1].removeprefix("crosstalk: "))
        raise HarnessError(f"the drive ended with {done.returncode}: {text[-TAIL:]}")
    return directory
