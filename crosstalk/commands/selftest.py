"""`crosstalk selftest`: would Crosstalk have noticed?"""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import click
import msgspec

from crosstalk import rejudging, servers
from crosstalk.trials import Stand, known_faults, made
from crosstalk.trials import kept as kept_in
from isolation_checks.errors import UsageError
from isolation_checks.history.directory import add_json, make
from isolation_checks.plan.references import typed
from isolation_checks.selftest import scores, trials
from isolation_checks.selftest.nouns import HONEST, Fault, Result, Selftest, Trial
from reports.selftest import render


@click.command(
    epilog="Examples: crosstalk selftest · crosstalk selftest --fault broadcast --fault none · "
    "crosstalk selftest --seeds 20 --jobs 8 --database sqlite --database postgresql"
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=RATE]",
    help="Only these; `none` is the honest platform.",
)
@click.option(
    "--database",
    "databases",
    multiple=True,
    metavar="NAME|URL",
    help="sqlite, postgresql (started here), postgresql://… or env:NAME; repeat for several. "
    "Default: sqlite, and PostgreSQL for what needs it.",
)
@click.option(
    "--redis", metavar="URL", help="Instead of one that is started here: redis://… or env:NAME."
)
@click.option(
    "--seeds",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Trials of each fault.",
)
@click.option(
    "--jobs",
    default=os.cpu_count() or 1,
    show_default="one a CPU",
    type=click.IntRange(1, 64),
    help="Trials side by side.",
)
@click.option(
    "--users",
    default=12,
    show_default=True,
    type=click.IntRange(2, 1000),
    help="Users at a time, in each trial.",
)
@click.option(
    "--seconds",
    default=13,
    show_default=True,
    type=click.IntRange(3, 3600),
    help="How long each trial drives.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    default=Path("runs/selftest"),
    show_default=True,
    help="Where runs and results are kept.",
)
@click.option("--resume", is_flag=True, help="Go on with what --state holds.")
@click.option("--judge-again", is_flag=True, help="Only judge anew what --state holds.")
def command(  # noqa: PLR0913, PLR0917 - one argument an option
    faults: tuple[str, ...],
    databases: tuple[str, ...],
    redis: str | None,
    seeds: int,
    jobs: int,
    users: int,
    seconds: int,
    state: Path,
    resume: bool,  # noqa: FBT001 - click's
    judge_again: bool,  # noqa: FBT001 - click's
) -> int:
    """Drive the embedded platform through every fault, and say which were noticed.

    Exit 0: each was, and nothing was found on the honest platform.  1: a miss, or a false
    finding.  3: something could not be tried.  4: a trial broke.
    """
    known = known_faults()
    wanted = trials.asked_for(faults, known)
    results = state / "results"
    if judge_again:
        return _shown(state, rejudging.rejudged(state, known, jobs, _command_line(), _say))
    if not resume and results.exists() and any(results.iterdir()):
        raise UsageError(f"{state} holds results: --resume goes on, or name another --state")
    try:
        make(results)
    except OSError as error:
        raise UsageError(f"--state {state}: {error.strerror}; name another folder") from error
    asked = tuple(_kind(database) for database in databases) or ("sqlite",)
    given = {"postgresql": _given(databases), "redis": redis and typed("--redis", redis)}
    wants = {*asked, *trials.needs(known, wanted)} & set(_START)
    with servers.ended_in_order(), contextlib.ExitStack() as stack:
        many = {"postgresql": jobs, "redis": 1}
        urls, missing = _servers(stack, {name: many[name] for name in wants}, given)
        chosen, not_run = trials.chosen(
            known,
            wanted,
            databases=asked,
            missing=missing,
            seeds=seeds,
            users=users,
            seconds=seconds,
        )
        stands = [
            Stand(
                runs=state / "runs", postgresql=url, redis=next(iter(urls.get("redis", ())), None)
            )
            for url in urls.get("postgresql") or (None,)
        ]
        made_by = _Maker(known, stands, results, _kept(results, chosen), len(chosen))
        done = made_by.all(chosen, jobs)
    return _shown(state, scores.whole(known, done, not_run, _command_line()))


def _command_line() -> str:
    return shlex.join(["crosstalk", *sys.argv[1:]])


def _shown(state: Path, selftest: Selftest) -> int:
    """Keep the scores of a selftest, and print them."""
    shown = render(selftest)
    (state / "selftest.json").write_bytes(msgspec.json.format(msgspec.json.encode(selftest)))
    (state / "selftest.md").write_bytes(shown)
    click.echo(shown.decode(), nl=False)
    return selftest.exit_code


def _kind(database: str) -> str:
    return database if database in _KINDS else "postgresql"


def _given(databases: Sequence[str]) -> str | None:
    """The address of the PostgreSQL that is to be used, where one is named."""
    urls = {typed("--database", each) for each in databases if each not in _KINDS}
    if any(not url.startswith(("postgresql://", "postgres://")) for url in urls):
        raise UsageError(
            "--database is sqlite, postgresql or postgresql://…, or env:NAME with the latter"
        )
    if len(urls) > 1:
        raise UsageError("--database names several servers; one at the most can be given")
    return next(iter(urls), None)


def _servers(
    stack: contextlib.ExitStack, wants: Mapping[str, int], given: Mapping[str, str | None]
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The URLs of the servers that are wanted, as many as are, and why others cannot be had.

    Where one is given, that is all there is.
    """
    urls: dict[str, list[str]] = {}
    missing: dict[str, str] = {}
    for name, many in sorted(wants.items()):
        url = given[name]
        try:
            if url is not None:
                urls[name] = [url]
            else:
                urls[name] = [stack.enter_context(_START[name]()) for _ in range(many)]
        except servers.NotInstalledError as error:
            missing[name] = f"{error} is not installed, and no URL was given"
    return urls, missing


def _kept(folder: Path, chosen: Sequence[Trial]) -> dict[str, Result]:
    """What an earlier selftest made of these trials; what it made otherwise is none of them.

    Raises:
        UsageError: it made one with other users, seconds or rates, or cannot be read.
    """
    kept = {}
    for trial in chosen:
        path = folder / f"{trial.id}.json"
        if not path.exists():
            continue
        result = kept_in(path)
        if result.trial != trial:
            raise UsageError(
                f"{path} was made with other users, seconds or rates than are asked for now; "
                "ask for the same, or name another --state"
            )
        kept[trial.id] = result
    return kept


class _Maker:
    """Makes trials side by side, keeps each result, and says how far it is."""

    def __init__(
        self,
        known: Mapping[str, Fault],
        stands: Sequence[Stand],
        folder: Path,
        kept: Mapping[str, Result],
        many: int,
    ) -> None:
        self._known, self._stands, self._folder, self._many = known, stands, folder, many
        self._kept = kept
        self._said = 0
        self._free: SimpleQueue[Stand] = SimpleQueue()
        for stand in stands:
            self._free.put(stand)

    def all(self, chosen: Sequence[Trial], jobs: int) -> list[Result]:
        """The results, in the order of the trials.

        The honest platform is driven by itself, so that what is found on it is its own; and
        on one PostgreSQL never two at once, since they would share their tables.
        """
        honest = [self._one(trial) for trial in chosen if trial.fault == HONEST]
        others = [trial for trial in chosen if trial.fault != HONEST]
        with ThreadPoolExecutor(jobs) as pool:
            try:
                return [*honest, *pool.map(self._one, others)]
            except BaseException:  # Ctrl-C: what has not begun shall not
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _one(self, trial: Trial) -> Result:
        result = self._kept.get(trial.id)
        if result is None:
            with self._stand(trial) as stand:
                result = made(trial, self._known.get(trial.fault), stand)
            if result.problem is None:
                add_json(self._folder / f"{trial.id}.json", result)
        self._said += 1
        click.echo(f"{self._said:>4} of {self._many}  {trial.id:40} {_said(result)}", err=True)
        return result

    @contextlib.contextmanager
    def _stand(self, trial: Trial) -> Iterator[Stand]:
        """What a trial stands on; on PostgreSQL it has a server to itself."""
        if trial.database != "postgresql":
            yield self._stands[0]
            return
        stand = self._free.get()
        try:
            yield stand
        finally:
            self._free.put(stand)


def _say(result: Result) -> None:
    click.echo(f"{result.trial.id:40} {_said(result)}", err=True)


def _said(result: Result) -> str:
    if result.problem is not None:
        return f"broke: {result.problem.strip().splitlines()[-1]}"
    if result.trial.fault == HONEST:
        return f"found by {', '.join(result.failed)}" if result.failed else "nothing found"
    return ", ".join(result.detecting) or "MISSED"


_KINDS = ("sqlite", "postgresql")
_START: Mapping[str, Callable[[], contextlib.AbstractContextManager[str]]] = {
    "postgresql": servers.postgres_server,
    "redis": servers.redis_server,
}
