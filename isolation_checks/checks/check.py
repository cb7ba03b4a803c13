"""What a check is: a pure function of a run, described by a decorator, and its outcome.

The decorator describes; it does not register: the list is `CHECKS` in this package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from isolation_checks.loading.run import Run
from isolation_checks.plan.holes import asks
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.dialect import Id
from isolation_checks.records import PrincipalId, QueryId
from isolation_checks.verdicts.finding import Moment
from isolation_checks.verdicts.lattice import Part, Verdict
from isolation_checks.verdicts.outcomes import Control, Distribution, ObjectiveOutcome

Channel = Literal["frame", "http", "row"]
Asked = Callable[[Plan], str | None]
"""Why a plan does not ask for a check, or None where it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One kind of thing that one check found between two principals, however often."""

    kind: str
    cwe: int | None
    victim: PrincipalId | None
    recipient: PrincipalId | None
    channel: str
    sentence: str
    times: int
    first_s: float | None
    witness: Callable[[], tuple[Moment, ...]]
    """Words its proof when it is shown: of many findings only a few are."""
    places: tuple[tuple[str, int], ...] = ()
    """The first places at which it showed, most telling first."""
    victim_query: QueryId | None = None
    recipient_query: QueryId | None = None
    queries: frozenset[QueryId] = frozenset()
    """All queries that it concerns: what happened to them may be its consequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a check says.  `examined` has no default, so that no check can forget it."""

    examined: int
    unit: str
    found: tuple[Found, ...] = ()
    verdict: Verdict | None = None
    """None: FAIL if anything was found, UNKNOWN if nothing was examined, else PASS."""
    note: str = ""
    bounded: bool = True
    """Whether nothing found in `examined` chances bounds a rate."""
    objectives: tuple[ObjectiveOutcome, ...] = ()
    latency: Distribution | None = None
    control: Control | None = None
    blind: tuple[str, ...] = ()
    times: int | None = None
    """How much was found, where it is more than `found` shows."""
    unasked: str = ""
    """Why there was nothing to ask after, where the run tells what the plan does not."""

    @property
    def decided(self) -> Verdict:
        """The verdict."""
        if self.verdict is not None:
            return self.verdict
        if self.found:
            return Verdict.FAIL
        return Verdict.PASS if self.examined else Verdict.UNKNOWN

    @property
    def silent(self) -> bool:
        """Whether it says nothing but that there was nothing to examine."""
        return self.verdict is None and not self.examined and not self.found

    @property
    def total(self) -> int:
        """How often anything was found."""
        return self.times if self.times is not None else sum(found.times for found in self.found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check and what is said of it."""

    name: str
    asks: str
    part: Part
    cwe: int | None
    function: Callable[[Run], Outcome]
    not_asked: Asked = field(default=lambda _: None)
    unstated: Asked = field(default=lambda _: None)

    @property
    def doc(self) -> str:
        """Its rule, what it catches and what it is blind to."""
        return self.function.__doc__ or ""

    def __call__(self, run: Run) -> Outcome:
        """Ask it."""
        return self.function(run)


def check(
    *,
    asks: str,
    part: Part = "isolation",
    cwe: int | None = None,
    not_asked: Asked = lambda _: None,
    unstated: Asked = lambda _: None,
) -> Callable[[Callable[[Run], Outcome]], Check]:
    """Describe a function as a check; its name, with spaces, is the check's.

    What a plan does not ask for is not looked at.  What it leaves `unstated` is: what comes
    all the same is judged, and that nothing came is not held against the platform.
    """

    def described(function: Callable[[Run], Outcome]) -> Check:
        name = function.__name__.replace("_", " ")
        return Check(
            name=name,
            asks=asks,
            part=part,
            cwe=cwe,
            function=function,
            not_asked=not_asked,
            unstated=unstated,
        )

    return described


def public(plan: Plan, channel: Channel) -> bool:
    """Whether the plan lets everyone see what flows on a channel."""
    return any(
        a.scope == "everyone" and channel in a.channels and not a.places for a in plan.sharing
    )


def needs_privacy(plan: Plan) -> str | None:
    """For checks of what reaches whom on the wire."""
    shared = public(plan, "frame")
    return "frames: the plan lets everyone see everyone's" if shared else None


def needs_rows(plan: Plan) -> str | None:
    """For checks of the platform's own rows."""
    return None if plan.rows is not None else "rows: the plan names no database"


def needs_private_rows(plan: Plan) -> str | None:
    """For checks of whose rows are whose."""
    if plan.rows is not None and public(plan, "row"):
        return "whose rows are whose: the plan lets everyone own everyone's"
    if plan.rows is not None and not any(table.names_anybody for table in plan.rows.tables):
        return "whose rows are whose: none of the plan's tables names an owner"
    return needs_rows(plan)


def needs_protocol(plan: Plan) -> str | None:
    """For checks of the order of events."""
    return None if plan.dialect.protocol else "the order of events: the dialect names no protocol"


def needs_ids(plan: Plan) -> str | None:
    """For checks of whose ids are in a frame."""
    if needs_privacy(plan):
        return needs_privacy(plan)
    named = any(plan.dialect.where.ids(sort) for sort in _TELLING)
    if not named and plan.dialect.class_ is None:
        return "ids in frames: the plan says that frames carry none"
    return None


def unstated_ids(plan: Plan) -> str | None:
    """Why frames need not name anybody: the plan states no place of ids that tell whose it is."""
    dialect, where = plan.dialect, plan.dialect.where
    repeats = bool(where.ids("query")) and (dialect.class_ is not None or asks(dialect, "query"))
    learned = dialect.conversations == "ours" or repeats
    if (where.query and repeats) or (where.conversation and learned) or where.user:
        return None
    return "ids in frames: the plan states no place of any that are known, and none came"


def needs_labels(plan: Plan) -> str | None:
    """For checks of the user ids in frames."""
    if needs_privacy(plan):
        return needs_privacy(plan)
    if not plan.dialect.where.ids("user") and plan.dialect.class_ is None:
        return "user ids in frames: the plan says that there are none"
    return None


def unstated_labels(plan: Plan) -> str | None:
    """Why frames need not carry user ids: the plan states no place of theirs."""
    if plan.dialect.where.user:
        return None
    return "user ids in frames: the plan states no place of theirs, and none came beside words"


_TELLING: tuple[Id, ...] = ("query", "conversation", "user")
"""The sorts of ids that tell whose a frame is."""
