"""What a drive of the lab says, beside what its server confesses; and of many, how rightly."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from isolation_checks.loading import fold
from isolation_checks.selftest import mechanisms, scores
from isolation_checks.selftest.nouns import Look, NotRun, Told, Trial
from isolation_checks.verdicts.versioned import Data
from tests.end_to_end.foreign.strangers import Drive, Stranger
from tests.leaky_lab.driving import SECONDS, USERS
from tests.leaky_lab.pairs import PAIRS, Pair

BAD, FIXED, MISUSED = "bad", "fixed", "misused"
ISOLATION = {BAD: "FAIL", FIXED: "PASS", MISUSED: "UNKNOWN"}
"""What is to be said of each version: who lets nobody in leaks nothing, and that is no PASS."""


class Said(Data, frozen=True, kw_only=True):
    """What one drive of one version says."""

    pair: str
    version: str
    seed: int
    packages: tuple[str, ...]
    exit_code: int
    isolation: str
    """The verdict."""
    parts: dict[str, str]
    found_by: tuple[str, ...]
    """The checks of isolation that said FAIL."""
    roots: int
    """Findings of isolation that are no other's consequence, of those that are kept whole."""
    mechanisms: tuple[str, ...]
    """What the roots look like, the weightiest first."""
    fitting: tuple[str, ...]
    """What would fit; nothing does where nothing is wrong."""
    first_s: float | None
    """When a finding showed first, in seconds of the run."""
    confessed: int
    """Pairs of victim and recipient in frames, as the server itself knows them."""
    rightly: int
    """Those of them that were seen."""
    innocent: int
    """Pairs that were accused, and of which the server knows nothing, in frames or rows."""
    errors: int
    """How often the server itself failed to answer."""

    @property
    def as_it_should(self) -> bool:
        """Whether the verdict is that of its version, and nobody innocent was accused."""
        return self.isolation == ISOLATION[self.version] and not self.innocent


class Lab(Data, frozen=True, kw_only=True):
    """All drives of the lab."""

    command: str
    crosstalk: str
    python: str
    seconds: int
    users: int
    drives: tuple[Said, ...]
    not_run: tuple[NotRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """All drives of one version of a pair."""

    fault: str
    version: str
    drives: tuple[Said, ...]
    looks: tuple[Look, ...]
    told: Told | None

    @property
    def trials(self) -> int:
        """How often it was driven."""
        return len(self.drives)

    @property
    def first_s(self) -> float | None:
        """The median over the drives that say it."""
        times = [said.first_s for said in self.drives if said.first_s is not None]
        return statistics.median(times) if times else None


def read(pair: Pair, mode: str, seed: int, server: Stranger, over: Drive) -> Said:
    """What a drive and its server say.

    Raises:
        RuntimeError: there is no judgement.
    """
    if over.directory is None or over.judgement is None:
        raise RuntimeError(f"{pair.name} --{mode} was not judged: {over.output[-600:]}")
    trial = Trial(
        fault=pair.name,
        rate=1,
        database=pair.needs or "sqlite",
        seed=seed,
        seconds=SECONDS,
        users=USERS,
    )
    result = scores.read(trial, None, over.directory, over.judgement)
    people = fold.load(over.directory).principals.values()
    subjects: dict[str | None, str] = {person.id: person.subject or person.id for person in people}
    found = [f for f in over.judgement.findings if f.part == "isolation"]
    named = {
        (subjects.get(f.victim, f.victim), subjects.get(f.recipient, f.recipient)) for f in found
    } - {(None, None)}
    leaked, accused = server.leaked(), over.accused()
    rows = {(note["victim"], note["recipient"]) for note in server.notes("rows")}
    return Said(
        pair=pair.name,
        version=mode,
        seed=seed,
        packages=pair.packages(mode),
        exit_code=over.code,
        isolation=result.parts["isolation"],
        parts=result.parts,
        found_by=result.detecting,
        roots=sum(f.folded_into is None for f in found),
        mechanisms=result.mechanisms,
        fitting=fitting(pair, mode),
        first_s=result.first_s,
        confessed=len(leaked),
        rightly=len(accused & leaked),
        innocent=len((accused - leaked) | (named - leaked - rows)),
        errors=len(server.notes("errors")),
    )


def fitting(pair: Pair, mode: str) -> tuple[str, ...]:
    """What would fit a version: the key to the test, whatever was seen."""
    return pair.looks_like if mode == BAD else ()


def scored(drives: Sequence[Said]) -> list[Score]:
    """One score a pair and version, in the order of the pairs."""
    groups: dict[tuple[str, str], list[Said]] = {}
    for said in sorted(drives, key=_order):
        groups.setdefault((said.pair, said.version), []).append(said)
    return [
        Score(
            fault=pair,
            version=version,
            drives=tuple(group),
            looks=mechanisms.looks(group[0].fitting, [said.mechanisms for said in group]),
            told=mechanisms.told(group[0].fitting, [said.mechanisms for said in group]),
        )
        for (pair, version), group in groups.items()
    ]


def _order(said: Said) -> tuple[int, int, int]:
    modes = PAIRS[said.pair].modes
    return list(PAIRS).index(said.pair), modes.index(said.version), said.seed
