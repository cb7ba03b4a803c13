"""Looks for a run in the platform's databases and says, as a plan would, where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from isolation_checks.discovery import propose, scan, schema, signs, written
from isolation_checks.discovery.known import Known
from isolation_checks.discovery.sample import Sample
from isolation_checks.errors import UsageError
from isolation_checks.loading.run import Run
from isolation_checks.rows import sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """The proposed part of a plan, and what is to be said of it."""

    toml: str
    tables: tuple[str, ...]
    unseen: tuple[str, ...]
    """What could not be looked at or was left out, each in a line."""


def require_readable(urls: Sequence[str]) -> None:
    """Make sure that every database can be opened, before anything is driven.

    Raises:
        UsageError: one cannot; its password is not repeated.
    """
    for url in urls:
        address = ""
        try:
            address = sources.resolved(url)
            with sources.opened(address) as database:
                database.clock()
        except Exception as error:
            said = sources.without_secrets(str(error), address)
            raise UsageError(f"the database at {url} cannot be read: {said}") from error


def discover(
    run: Run,
    urls: Sequence[str],
    say: Callable[[str], None],
    kept: Mapping[str, object] = MappingProxyType({}),
) -> Discovered:
    """Where a run's words and ids turn up in these databases; the first is `[rows] url`.

    What the plan's `[rows]` says besides is kept.
    """
    started = datetime.fromisoformat(run.history.description["started_at"])
    known = Known.of(run, started.timestamp())
    proposed: list[propose.Proposal] = []
    unseen: list[str] = []
    for url in urls:
        samples = _samples(url, known, say)
        say("looking for what was planted")
        read = [signs.read(sample, known) for sample in samples]
        found = propose.proposals(samples, known, read)
        unseen += propose.left_out(read, found)
        proposed += found
    askers = len(set(known.queries.values()))
    heading = (
        f"Proposed by crosstalk discover from run {run.history.description['run']},",
        f"of {len(known.answered)} answered queries of {askers} principals.",
        "sure, likely, perhaps: how much speaks for a line.  Confirm each before you rely on it.",
        *(f"Left out: {line}" for line in unseen),
    )
    return Discovered(
        toml=written.toml(urls[0], proposed, heading, kept),
        tables=tuple(proposal.sample.name for proposal in proposed),
        unseen=tuple(unseen),
    )


def _samples(url: str, known: Known, say: Callable[[str], None]) -> list[Sample]:
    address = sources.resolved(url)
    engine = sources.engine_of(address)
    found = (
        scan.samples(address, known, say)
        if engine == "redis"
        else schema.samples(address, engine, say)
    )
    samples = list(found)
    for sample in samples:
        sample.url = url
    return samples
