"""The judgement as data: what `verdict.json` holds and what every renderer reads.

It may not decide anything: the deciding is `judging.judge`'s, the showing is
`reports`'.  Its shape is versioned by `SCHEMA`; a field may be added within a
version, none may be renamed or change its meaning.
"""

from __future__ import annotations

import enum
from typing import Literal

import msgspec

from isolation_checks.judging import versioned

SCHEMA = "crosstalk.verdict/1"
SHOWN = 20
"""How many findings are kept whole; every one is counted."""


class Verdict(enum.StrEnum):
    """What a check, a part or a whole judgement says.  FAIL over UNKNOWN over PASS."""

    PASS = "PASS"  # noqa: S105 - the word, no password
    UNKNOWN = "UNKNOWN"
    FAIL = "FAIL"
    NOT_ASKED = "NOT ASKED"

    @property
    def exit_code(self) -> int:
        """The exit code of a judgement that ends so: 0, 1 or 3.  Only PASS ends in 0."""
        return {Verdict.PASS: 0, Verdict.FAIL: 1}.get(self, 3)


def worst(verdicts: list[Verdict]) -> Verdict:
    """FAIL over UNKNOWN over PASS; NOT ASKED counts only when there is nothing else."""
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS):
        if verdict in verdicts:
            return verdict
    return Verdict.NOT_ASKED


Part = Literal["evidence", "isolation", "objectives"]


class _Data(msgspec.Struct, frozen=True):
    """A plain value that is written to JSON as it stands."""


class Place(_Data, frozen=True, kw_only=True):
    """Where in the evidence a thing stands.

    A stream (`history/<process>/frames` or `rows/<n>/<table>`), and the index in it.
    """

    stream: str
    index: int


class Moment(_Data, frozen=True, kw_only=True):
    """One step of a witness: at this time this principal did or got this.

    `text` is an excerpt (content of the target: escape it); `mark` is the
    half-open range of `text` that is the foreign content, in characters.
    """

    at_s: float | None
    """Seconds since the run began; None where the clock is not ours (rows)."""
    who: str
    role: Literal["victim", "recipient", "other"]
    did: str
    text: str = ""
    mark: tuple[int, int] | None = None
    place: Place | None = None


class Span(_Data, frozen=True, kw_only=True):
    """A stretch of a lane in a finding's picture: a session or query that was open."""

    who: str
    kind: Literal["session", "query"]
    label: str
    from_s: float
    to_s: float | None


class Finding(_Data, frozen=True, kw_only=True):
    """One thing that is wrong, with its proof."""

    id: str
    check: str
    part: Part
    kind: str
    """The class of the finding, a slug such as `foreign-canary` or `lost-row`."""
    cwe: int | None
    victim: str | None
    recipient: str | None
    channel: str
    """Where it showed: `frame`, `http`, `row` or `query`."""
    sentence: str
    times: int
    """How often the same thing (check, kind, victim, recipient) was found."""
    first_s: float | None
    mechanism: str
    """What its fingerprint looks like; `unknown` is a mechanism too."""
    because: str
    provocation: str | None
    witness: tuple[Moment, ...]
    spans: tuple[Span, ...] = ()
    folded_into: str | None = None
    """The id of the root finding of which this one is a consequence."""


class CheckOutcome(_Data, frozen=True, kw_only=True):
    """What one check says, and how much it looked at before saying it."""

    name: str
    asks: str
    part: Part
    verdict: Verdict
    examined: int
    unit: str
    found: int
    bound: float | None = None
    """Upper 95 % bound of the rate, where nothing was found."""
    note: str = ""


class Window(_Data, frozen=True, kw_only=True):
    """What was measured in one stretch of the run, in the objective's unit."""

    from_s: float
    to_s: float | None
    """None: until the end."""
    verdict: Verdict
    measured: float | None
    lower: float | None
    upper: float | None
    samples: int


class ObjectiveOutcome(_Data, frozen=True, kw_only=True):
    """One objective: the indicator, its limit and what was measured, in `unit`."""

    name: str
    indicator: str
    statement: str
    """As a person says it: `completion p95 <= 5 s`."""
    verdict: Verdict
    unit: Literal["s", "share", "per_s"]
    """Seconds, a share from 0 to 1, or answers a second (of which `limit` is the least)."""
    limit: float
    measured: float | None
    """The quantile (or share) of the samples; None when it lies among unfinished ones."""
    lower: float | None
    """One-sided 95 % lower bound."""
    upper: float | None
    """One-sided 95 % upper bound; None when no finite one exists."""
    samples: int
    censored: int
    needed: int | None = None
    """How many samples would do, where there were too few."""
    note: str = ""
    meaning: str = ""
    """What the indicator says, in one sentence."""
    advice: str = ""
    """What to do where it is missed, in one sentence."""
    windows: tuple[Window, ...] = ()
    """Where it is judged window by window: all of them; the figures above are the worst's."""


class Distribution(_Data, frozen=True, kw_only=True):
    """The empirical distribution of one phase: equally spaced quantiles from 0 to 1."""

    phase: str
    label: str
    samples: int
    censored: int
    quantiles_s: tuple[float | None, ...]
    """None where the quantile lies among samples that never finished."""
    limit_s: float | None = None
    limit_quantile: float | None = None


class Opportunity(_Data, frozen=True, kw_only=True):
    """How often bleeding of one class could have shown, and the bound that this gives."""

    name: str
    meaning: str
    """What counts as one, in a sentence."""
    count: int
    seen: int
    """In how many places bleeding of this very class was found."""
    bound: float | None
    """Upper 95 % bound of the rate when `seen` is 0, else None."""
    wanted: float | None
    """The bound that the plan wants; only of the class that decides."""
    needed: int | None
    """How many more would meet `wanted`."""
    users: int | None = None
    """How many users' they were; those of one user are no independent trials."""
    alike: float | None = None
    """The bound if a user's opportunities were all alike: one trial a user."""
    detection: float | None = None
    """The lower bound of the share of planted breaks that were found; `bound` is divided by it."""


class Planted(_Data, frozen=True, kw_only=True):
    """How many breaks of one kind were planted into a copy of the run, and found again."""

    channel: Literal["frame", "row", "delivery"]
    kind: str
    planted: int
    found: int


class Detection(_Data, frozen=True, kw_only=True):
    """How many of a channel's planted breaks were found, and at least which share that shows."""

    channel: Literal["frame", "row", "delivery"]
    planted: int
    found: int
    lower: float
    """The lower bound of the share at 97.5 %, by Clopper and Pearson."""


class Control(_Data, frozen=True, kw_only=True):
    """The positive control: what of planted breaks was found again."""

    seed: int
    kinds: tuple[Planted, ...]
    detection: tuple[Detection, ...]


class Met(_Data, frozen=True, kw_only=True):
    """How often one phase of a user's met another phase of a stranger's."""

    one: str
    other: str
    times: int
    """Pairs of stretches that touched: a query in the one, a query or session in the other."""


class Coverage(_Data, frozen=True, kw_only=True):
    """Which interleavings of two users really happened: every pair of phases, once."""

    phases: tuple[str, ...]
    """`connecting`, `waiting` (asked, nothing heard yet), `streaming` (from the first event
    to the end), `idle` (connected, nothing asked)."""
    met: tuple[Met, ...]
    """The upper half of a symmetric matrix, its diagonal included, row by row."""


class Pair(_Data, frozen=True, kw_only=True):
    """That content of one principal reached another, on one channel."""

    owner: str
    recipient: str
    channel: str
    times: int
    """In how many frames, answers or rows, whichever checks saw them."""


class Slice(_Data, frozen=True, kw_only=True):
    """A stretch of the run's time."""

    from_s: float
    sessions: int
    """Sessions that were open at its middle."""
    answered: int
    """Queries that ended ok in it."""
    good: int
    """Those of them that were within the objective of a whole answer, where there is one."""
    unanswered: int
    """Queries that ended in it otherwise, but for those that we ended ourselves."""
    p50_s: float | None
    p95_s: float | None
    """Quantiles of the answers that came in it; None where none came."""
    found: int
    """Findings of isolation, each where it was seen first."""


class Resource(_Data, frozen=True, kw_only=True):
    """How much of one of the platform's own resources was in use, slice by slice."""

    source: str
    """Where it was sampled: `processes`, `database`, or a Prometheus endpoint's name."""
    resource: str
    unit: Literal["cores", "bytes", "count", "per_s"]
    most: float | None
    """What there is of it; None: nobody said."""
    levels: tuple[float | None, ...]
    """On average in each slice; None where it was not sampled."""


class Timeline(_Data, frozen=True, kw_only=True):
    """How the run went, in slices of equal length."""

    slice_s: float
    slices: tuple[Slice, ...]
    limit_s: float | None = None
    """The objective's for a whole answer."""
    resources: tuple[Resource, ...] = ()
    """What of the platform's own was in use, where it could be sampled."""


class Heat(_Data, frozen=True, kw_only=True):
    """How many answers that were due in each slice took how long."""

    phase: str
    edges_s: tuple[float, ...]
    """One more than there are steps of duration; equal ratios."""
    counts: tuple[tuple[int, ...], ...]
    """A row for each slice of the timeline, a column for each step of duration."""
    unfinished: tuple[int, ...]
    """Those of each slice that never finished."""


class Step(_Data, frozen=True, kw_only=True):
    """A stretch of an answer, in seconds from when its query was due."""

    name: str
    from_s: float
    to_s: float


class Course(_Data, frozen=True, kw_only=True):
    """Where the time of one answer went."""

    label: str
    query: str
    who: str
    due_s: float
    took_s: float
    steps: tuple[Step, ...]


class PartOutcome(_Data, frozen=True, kw_only=True):
    """One of the three parts of the verdict."""

    name: Part
    verdict: Verdict
    gates: bool
    """Whether the plan's `required` lets this part decide the exit code."""
    because: str


class Scale(_Data, frozen=True, kw_only=True):
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


class Judgement(_Data, frozen=True, kw_only=True):
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
