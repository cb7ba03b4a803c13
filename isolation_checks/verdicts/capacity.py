"""The capacity of a platform as data: what `capacity.json` holds and what pictures are drawn from.

It decides nothing; `judging.planner` does.  Its shape is versioned by `SCHEMA`: a field may be
added within a version, none may be renamed or change its meaning.  Loads are users, as Locust
counts them; times are seconds since the run began; rates are per second.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from isolation_checks.verdicts import versioned
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import ObjectiveOutcome
from isolation_checks.verdicts.versioned import Data

SCHEMA = "crosstalk.capacity/1"


class Estimate(Data, frozen=True, kw_only=True):
    """A value and its two-sided 95 % interval."""

    value: float
    lower: float
    upper: float


class Quantile(Data, frozen=True, kw_only=True):
    """A quantile of the completion times with its one-sided 95 % bounds; None: no finite one."""

    q: float
    measured: float | None
    lower: float | None
    upper: float | None


class Used(Data, frozen=True, kw_only=True):
    """How much of one of the platform's resources was in use during a step."""

    source: str
    """Where it was sampled: `processes`, `database`, or a Prometheus endpoint's name."""
    resource: str
    unit: Literal["cores", "bytes", "count", "per_s"]
    mean: float
    peak: float
    most: float | None
    """What there is of it; None: nobody said."""


class Step(Data, frozen=True, kw_only=True):
    """A stretch of the run in which the load was held."""

    number: int
    users: int
    confirms: bool
    """It was held for longer, so that its verdict stands by itself."""
    from_s: float
    """When the load had settled: what was due before is no sample."""
    to_s: float
    verdict: Verdict
    """Whether every objective was met: each judged as in a run of its own."""
    objectives: tuple[ObjectiveOutcome, ...]
    queries: int
    """How many were due in the step: the samples behind it."""
    answered: int
    unfinished: int
    offered: float
    throughput: Estimate
    """Answers, whenever their queries were due."""
    goodput: Estimate
    """Those of them that were within the limit of every objective on a time of theirs."""
    own: Estimate
    """Those of them that ordinary users got; the others are the cast's, who provoke."""
    concurrency: float
    """How many queries were open at a time, on average."""
    completion: tuple[Quantile, ...]
    errors: float | None
    bleeds: int
    """Queries whose principal received words of another's during the step."""
    bleeds_per_thousand: Estimate | None
    late: float
    """The share of the queries that we sent too late: the generator's health."""
    stall_s: float
    """The longest the generator's loop stood still."""
    trusted: bool
    """Whether the generator kept up; where it did not, the step is UNKNOWN."""
    note: str = ""
    resources: tuple[Used, ...] = ()
    """What of the platform's own was in use, where it could be sampled."""


class Law(Data, frozen=True, kw_only=True):
    """The Universal Scalability Law, fitted to what the steps' users got through."""

    alpha: Estimate
    beta: Estimate
    gamma: Estimate
    explained: float
    points: tuple[tuple[float, float], ...]
    """The loads and throughputs that it was fitted to."""
    curve: tuple[tuple[float, float], ...]
    """The law over the measured loads, to be drawn, and nothing beyond them; with what the cast
    got through besides, on average."""
    peak: Estimate | None
    ceiling: float | None


class Answer(Data, frozen=True, kw_only=True):
    """A question that a planner has, its answer in users, and what it rests on."""

    asks: str
    users: Estimate | None
    """None where it would have to be guessed; `because` says why."""
    because: str
    assumes: tuple[str, ...] = ()


class Bleeding(Data, frozen=True, kw_only=True):
    """From which load on isolation breaks."""

    users: int
    """The smallest load at which anything of one's reached another."""
    borne: int | None
    """The largest smaller load at which nothing did."""
    concurrency: float
    """How many queries were open at a time, on average, where it broke."""
    below: float | None = None
    """How many of a thousand queries at `borne` may have bled all the same: an upper bound."""


class Capacity(Data, frozen=True, kw_only=True):
    """What a run says about how many users a platform serves."""

    schema: str = SCHEMA
    run: str
    target: str
    model: str
    """The workload: `closed`, `open` or `partly open`, in words with its figures."""
    steps: tuple[Step, ...]
    within: int | None
    """Most users within every objective: the largest load that was borne, and all below it."""
    confirmed: bool
    """`within` was held for longer on fresh samples, at 95 %."""
    breached: int | None
    """The smallest load at which an objective was missed; the capacity lies below."""
    headline: str
    knee: Estimate | None
    law: Law | None
    bleeding: Bleeding | None
    answers: tuple[Answer, ...]
    refused: tuple[str, ...]
    """What cannot be said from these steps, a sentence each."""
    kind: Literal["search", "steps"] = "steps"
    fullest: tuple[str, ...] = ()
    """What of the platform's resources was how full where throughput bends or objectives are
    missed, a sentence each."""
    unsampled: tuple[str, ...] = ()
    """Why resources are not, or not wholly, known: a sentence each."""


def encode(capacity: Capacity) -> bytes:
    """The capacity as `capacity.json`: UTF-8, two spaces, a final newline."""
    return msgspec.json.format(msgspec.json.encode(capacity), indent=2) + b"\n"


def decode(content: bytes) -> Capacity:
    """Read `capacity.json` back.

    Raises:
        UsageError: the content is no capacity of this schema.
    """
    return versioned.decode(content, Capacity, SCHEMA, noun="capacity", again=_AGAIN)


_AGAIN = "`crosstalk capacity RUN` makes a new one from the evidence"
