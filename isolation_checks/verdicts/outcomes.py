"""What was asked of a run and what came of it, as data: checks, objectives, bounds, control."""

from __future__ import annotations

from typing import Literal

from isolation_checks.verdicts.lattice import Part, Verdict
from isolation_checks.verdicts.versioned import Data


class CheckOutcome(Data, frozen=True, kw_only=True):
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


class Window(Data, frozen=True, kw_only=True):
    """What was measured in one stretch of the run, in the objective's unit."""

    from_s: float
    to_s: float | None
    """None: until the end."""
    verdict: Verdict
    measured: float | None
    lower: float | None
    upper: float | None
    samples: int


class Looks(Data, frozen=True, kw_only=True):
    """What a missed time looks like, from the times alone: a lead, and no part of the verdict."""

    mechanism: str
    because: str
    """The numbers that it is said by."""


class ObjectiveOutcome(Data, frozen=True, kw_only=True):
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
    looks: Looks | None = None
    """Where it is missed, and the times tell."""


class Distribution(Data, frozen=True, kw_only=True):
    """The empirical distribution of one phase: equally spaced quantiles from 0 to 1."""

    phase: str
    label: str
    samples: int
    censored: int
    quantiles_s: tuple[float | None, ...]
    """None where the quantile lies among samples that never finished."""
    limit_s: float | None = None
    limit_quantile: float | None = None


class Opportunity(Data, frozen=True, kw_only=True):
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


class Planted(Data, frozen=True, kw_only=True):
    """How many breaks of one kind were planted into a copy of the run, and found again."""

    channel: Literal["frame", "row", "delivery"]
    kind: str
    planted: int
    found: int


class Detection(Data, frozen=True, kw_only=True):
    """How many of a channel's planted breaks were found, and at least which share that shows."""

    channel: Literal["frame", "row", "delivery"]
    planted: int
    found: int
    lower: float
    """The lower bound of the share at 97.5 %, by Clopper and Pearson."""


class Control(Data, frozen=True, kw_only=True):
    """The positive control: what of planted breaks was found again."""

    seed: int
    kinds: tuple[Planted, ...]
    detection: tuple[Detection, ...]


class PartOutcome(Data, frozen=True, kw_only=True):
    """One of the three parts of the verdict."""

    name: Part
    verdict: Verdict
    gates: bool
    """Whether the plan's `required` lets this part decide the exit code."""
    because: str
