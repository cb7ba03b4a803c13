"""The nouns of a loaded history: who was there, which sessions, which queries.

Times are seconds since the run began; None is unknown and never zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from isolation_checks.loading.resources import Sampled
from isolation_checks.plan.model import Plan
from isolation_checks.probing import Shows
from isolation_checks.records import (
    PROVOKED,
    ConversationLabel,
    Ending,
    PrincipalId,
    ProcessId,
    QueryId,
    SessionId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a principal is; `subject` is what the platform calls it."""

    id: PrincipalId
    owner: int
    role: str
    tenant: str | None = None
    subject: str | None = None
    email: str | None = None


@dataclass(slots=True, kw_only=True)
class Session:
    """One session from its opening to its end; times in seconds of the run."""

    id: SessionId
    principal: PrincipalId
    channel: str
    process: ProcessId
    due_s: float | None = None
    opening_s: float | None = None
    upgraded_s: float | None = None
    ready_s: float | None = None
    closed_s: float | None = None
    failed: str | None = None
    code: int | None = None
    by: str | None = None
    why: str | None = None
    """What was said of its end."""
    resumes: SessionId | None = None
    """The session that it goes on with, whose connection was lost."""
    cut: bool = False
    """It failed because we had ended one of the platform's processes."""
    storm: bool = False
    """It was opened while we had everybody connect at once: our own queue is in what it took."""

    @property
    def came_s(self) -> float | None:
        """Since when the platform had it: ready, or left before that."""
        return self.ready_s if self.ready_s is not None else self.upgraded_s


@dataclass(slots=True, kw_only=True)
class Query:
    """One query from due to done; times in seconds of the run."""

    id: QueryId
    principal: PrincipalId
    session: SessionId
    process: ProcessId
    conversation: ConversationLabel
    kind: str
    text: str
    index: int
    due_s: float
    sent_s: float
    named: str | None = None
    """What the platform was told that it is called, where that is not its id."""
    first_s: float | None = None
    done_s: float | None = None
    over_s: float | None = None
    """When we took it to be over, however it ended; None: nobody wrote that down."""
    late_s: float = 0.0
    ending: Ending | None = None
    reason: str | None = None
    echoed: bool = False
    """Its answer held a canary of its own principal's that its text had planted."""
    overlapped: bool = False
    """Another principal's query was open meanwhile."""
    cut: bool = False
    """Its session was lost because we had ended one of the platform's processes."""

    @property
    def provoked(self) -> bool:
        """Whether we cut it off, or made it fail, on purpose: no objective counts it."""
        return self.cut or self.kind in PROVOKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Planting:
    """A canary and where it was given."""

    principal: PrincipalId
    kind: str
    place: str
    conversation: ConversationLabel | None
    query: QueryId | None
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is known of one persona; `kind` is `fact`, or `phrase` for many words."""

    text: str
    principal: PrincipalId
    kind: str
    place: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Provocation:
    """Something that the driver did to bring a fault out."""

    kind: str
    principal: PrincipalId
    other: PrincipalId | None
    detail: str | None
    at_s: float
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One attempt that a sound platform refuses, or a control: the owner's own, which it grants."""

    process: ProcessId
    kind: str
    way: str
    principal: PrincipalId
    victim: PrincipalId | None
    said: str
    """What was shown and asked for, in words."""
    expected: str
    """`refused`, or `accepted` for a control."""
    shows: Shows
    relies_on: str | None
    """The control without whose success a refusal would show nothing."""
    session: SessionId | None
    query: QueryId | None
    about: str | None
    """The platform's id of what was asked for."""
    behind: SessionId | None
    watched: SessionId | None
    watched_query: QueryId | None
    trouble: str | None
    """Why it could not be made."""
    at_s: float
    over_s: float
    cut: bool = False
    """We had ended one of the platform's processes meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A second of a generator's own health."""

    process: ProcessId
    at_s: float
    stall_s: float
    run_delay_s: float | None


@dataclass(slots=True, kw_only=True)
class Process:
    """One process of the run, and what is wrong with its evidence."""

    id: ProcessId
    joined: bool
    comparable: bool
    """Its clock is that of the machine that began the run."""
    offset_ns: int
    gaps: list[str] = field(default_factory=list)
    sealed: Mapping[str, int] = field(default_factory=dict)
    """How many records its streams have, by its seal, by their names."""

    def was_read(self, stream: str, records: int) -> None:
        """Note a gap where fewer records, or more, could be read than were sealed."""
        sealed = self.sealed.get(stream, records)
        if records != sealed:
            self.gaps.append(f"of its stream {stream} {records} of {sealed} records could be read")


@dataclass(slots=True, kw_only=True)
class History:
    """The folded history of a run."""

    description: Mapping[str, Any]
    plan: Plan
    processes: list[Process]
    principals: dict[PrincipalId, Principal] = field(default_factory=dict)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    queries: dict[QueryId, Query] = field(default_factory=dict)
    plantings: dict[str, Planting] = field(default_factory=dict)
    """By the canary."""
    facts: list[Fact] = field(default_factory=list)
    provocations: list[Provocation] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    health: list[Health] = field(default_factory=list)
    resources: Sampled = field(default_factory=Sampled)
    """What was sampled of the platform's own resources; no verdict depends on it."""

    @property
    def askers_of_probes(self) -> frozenset[PrincipalId]:
        """Who told the platform something in a probe: its words are not in `queries`."""
        return frozenset(probe.principal for probe in self.probes if probe.query is not None)

    @property
    def probed_queries(self) -> frozenset[QueryId]:
        """The queries that probes asked, which are in no account of rows.

        Of an attempt that the run's end cut off only the planting tells, which comes first.
        """
        both = ((probe.query, probe.watched_query) for probe in self.probes)
        told = (each.query for each in self.plantings.values() if each.query not in self.queries)
        asked = itertools.chain(told, *both)
        return frozenset(query for query in asked if query is not None)


def seconds(process: Process, at_ns: int) -> float:
    """A monotonic time of a process as seconds since the run began."""
    return (at_ns - process.offset_ns) / 1e9
