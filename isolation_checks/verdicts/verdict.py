"""The judgement as data: what `verdict.json` holds and what every renderer reads.

It may not decide anything: the deciding is `judging.judge`'s, the showing is
`reports`'.  Its shape is versioned by `SCHEMA`; a field may be added within a
version, none may be renamed or change its meaning.
"""

from __future__ import annotations

import msgspec

from isolation_checks.verdicts import versioned
from isolation_checks.verdicts.finding import Finding, Pair
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import (
    CheckOutcome,
    Control,
    Distribution,
    ObjectiveOutcome,
    Opportunity,
    PartOutcome,
)
from isolation_checks.verdicts.progress import Course, Coverage, Heat, Timeline
from isolation_checks.verdicts.versioned import Data

SCHEMA = "crosstalk.verdict/1"


class Scale(Data, frozen=True, kw_only=True):
    """How big the run was."""

    seconds: float
    processes: int
    users: int
    principals: int
    sessions: int
    queries: int
    answered: int
    frames: int
    rows: int | None
    provocations: int


class Judgement(Data, frozen=True, kw_only=True):
    """The whole judgement of one run."""

    schema: str = SCHEMA
    run: str
    judged_at: str
    started_at: str
    target: str
    dialect: str
    seed: int
    crosstalk: str
    """The version that judged."""
    verdict: Verdict
    exit_code: int
    headline: str
    parts: tuple[PartOutcome, ...]
    scale: Scale
    findings: tuple[Finding, ...]
    findings_total: int
    """How often anything was found: the sum of `times` over all findings, shown or not."""
    roots: int
    checks: tuple[CheckOutcome, ...]
    objectives: tuple[ObjectiveOutcome, ...]
    opportunities: tuple[Opportunity, ...]
    latency: tuple[Distribution, ...]
    not_asked: tuple[str, ...]
    blind: tuple[str, ...]
    """What was asked and could not be seen, a sentence each."""
    coverage: Coverage | None = None
    """Which interleavings happened."""
    control: Control | None = None
    """What of planted breaks was found; None where the plan does not ask, or it crashed."""
    pairs: tuple[Pair, ...] = ()
    """Whose content reached whom: all pairs, those of findings that are not shown too."""
    timeline: Timeline | None = None
    heat: Heat | None = None
    courses: tuple[Course, ...] = ()
    """Where the time of a typical answer, a slow one and the slowest went."""


def encode(judgement: Judgement) -> bytes:
    """The judgement as `verdict.json`: UTF-8, two spaces, a final newline."""
    return msgspec.json.format(msgspec.json.encode(judgement), indent=2) + b"\n"


def decode(content: bytes) -> Judgement:
    """Read `verdict.json` back.

    Raises:
        UsageError: the content is not a judgement of this schema.
    """
    return versioned.decode(content, Judgement, SCHEMA, noun="judgement", again=_AGAIN)


_AGAIN = "`crosstalk judge RUN` makes a new one from the evidence"
