"""Everything one process drives with, for one run: made at its start, sealed at its end.

It holds what sessions share (recorder, dialect, tokens, open queries) and knows
neither Locust's runner nor the scenario.
"""

from __future__ import annotations

import resource
import ssl
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import gevent
import msgspec
from gevent.event import Event

from isolation_checks.dialects.correlate import Correlator, our_query
from isolation_checks.dialects.events import dialect_of
from isolation_checks.dialects.framing import framing_of
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan.holes import numbers_queries
from isolation_checks.plan.model import Plan
from isolation_checks.records import (
    PROVOKED,
    ConversationLabel,
    Ending,
    Nanoseconds,
    QueryId,
    Reason,
    RunId,
    SessionId,
)
from locustfiles.driving.loopwatch import LoopWatch, run_delay_ns
from locustfiles.driving.moments import Moments
from locustfiles.driving.phases import Phases
from locustfiles.driving.principals import Principal, Roster
from locustfiles.driving.recorder import Recorder
from locustfiles.driving.tokens import Http, token_source, words_of

SWEEP_SECONDS = 0.05
HEALTH_SECONDS = 1.0
ENVELOPE, LONGEST_WORD = 1_500, 16
"""What a message needs besides its chatter, and a word of chatter at most: in bytes."""
Reporter = Callable[[str, float, int, str | None], None]
"""Tells Locust of one sample: name, milliseconds, octets, what went wrong."""


class Holder(Protocol):
    """A session, as far as the rig must know it."""

    id: SessionId
    principal: Principal
    correlator: Correlator

    def close(self) -> None:
        """Say goodbye."""
        ...

    def abort(self) -> None:
        """Drop the connection."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Query:
    """One operation of ours, while it is under way and after."""

    id: QueryId
    kind: str
    label: ConversationLabel
    turn: int
    session: Holder
    due_ns: int
    sent_ns: int
    deadline_ns: int
    done: Event
    cancelled: bool = False
    """We asked the platform to give it up."""
    first_ns: int | None = None
    done_ns: int | None = None
    ending: Ending | None = None
    reason: str | None = None


class Rig:
    """What one process drives one run with."""

    def __init__(  # noqa: PLR0913 - everything that one process drives with
        self,
        *,
        plan: Plan,
        run: RunId,
        folder: Path,
        key: bytes,
        account_key: bytes,
        mark_key: bytes,
        slot: int,
        processes: int,
        seed: int,
        report: Reporter,
        on_broken: Callable[[BaseException], None],
    ) -> None:
        self.plan = msgspec.structs.replace(
            plan, workload=msgspec.structs.replace(plan.workload, words=_chatter(plan))
        )
        self.run = run
        self.slot = slot
        self.seed = seed
        self._report = report
        self.on_broken = on_broken
        self.credentials = Credentials(mark_key)
        self.dialect = dialect_of(plan.dialect)
        self.framing = framing_of(plan.dialect)
        self._numbered = numbers_queries(plan.dialect)
        self.glance = getattr(self.dialect, "glance", self.dialect.read)
        """Reads of a message what matters while it is driven."""
        self.cancels: Callable[[dict[str, Any]], bytes | None] = getattr(
            self.dialect, "cancel", lambda _: None
        )
        """What asks for a query to be given up; a dialect of one's own may have nothing."""
        self.answered: frozenset[str] | None = getattr(self.dialect, "answered", None)
        """The kinds of events that want an answer; None: any may."""
        self.tokens = token_source(plan, self.credentials, run, slot, processes)
        self.words = words_of(plan, self.credentials)
        """The plan's own words for its templates."""
        self.http = Http(plan.target.http, self.words, insecure=plan.target.insecure_tls)
        self.roster = Roster(
            key=key,
            account_key=account_key,
            run=run,
            slot=slot,
            seed=seed,
            tenants=plan.cast.tenants,
        )
        self.tls = _tls(insecure=plan.target.insecure_tls)
        self.watch = LoopWatch(gevent.get_hub().loop)
        self.recorder = Recorder(folder, self.credentials, on_broken)
        self.sessions: dict[SessionId, Holder] = {}
        self.open: dict[QueryId, Query] = {}
        self.asked: set[str] = set()
        self.phases = Phases()
        self.users: set[str] = set()
        """What the platform is known to call principals."""
        self.stopping = False
        self.storming = False
        """Everybody connects at once because we dropped everybody at once."""
        self.broken = False
        """The harness failed: what was recorded is kept, and never sealed."""
        self._serial = 0
        self._keepers = [gevent.spawn(self._sweeping), gevent.spawn(self._watching_health)]

    def report(self, name: str, milliseconds: float, octets: int, problem: str | None) -> None:
        """Tell Locust of a sample: its tables and files show a problem as it stands."""
        marked = None if problem is None else self.credentials.marked_text(problem)
        self._report(name, milliseconds, octets, marked)

    def principal(self, role: str, *, alike: bool = False) -> Principal:
        """A new principal, recorded, with the facts that are its alone."""
        principal = self.roster.next(role, alike=alike)
        persona = principal.persona
        self.recorder.plant(
            [
                {"canary": fact, "kind": kind, "principal": principal.id, "place": place}
                for kind, place, fact in (
                    ("fact", "name", persona.name),
                    ("fact", "company", persona.company),
                    ("fact", "street", persona.street),
                    ("phrase", "motto", persona.motto),
                )
            ]
        )
        return principal

    def introduce(self, principal: Principal) -> None:
        """Record who a principal is, once its token has said what the platform calls it."""
        self.users.update(name for name in (principal.subject, principal.email) if name)
        self.recorder.note(
            "principals",
            principal=principal.id,
            owner=principal.owner,
            role=principal.role,
            tenant=principal.tenant,
            subject=principal.subject,
            email=principal.email,
        )

    def session_id(self) -> SessionId:
        """A number for a new session, unique in the run."""
        self._serial += 1
        return SessionId(self.slot << 32 | self._serial)

    def connection_id(self, session: SessionId) -> str:
        """A UUID that is this connection's alone."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"crosstalk:{self.run}/connection/{session}"))

    def query_id(self) -> QueryId:
        """A name for a new query."""
        return our_query(uuid.uuid4().int, numbered=self._numbered)

    def query_id_for(self, purpose: str) -> QueryId:
        """The same name for a query of this purpose, whichever process asks."""
        named = uuid.uuid5(uuid.NAMESPACE_URL, f"crosstalk:{self.run}/{purpose}")
        return our_query(named.int, numbered=self._numbered)

    def meet(self, name: str, every_s: float) -> int:
        """Wait for the next moment of this name, the same in every process; its number."""
        moments = Moments(seed=self.seed, name=name, every_s=every_s)
        number, at_s = moments.after(time.time())
        gevent.sleep(max(0.0, at_s - time.time()))
        return number

    def end(
        self,
        query: Query,
        ending: Ending,
        reason: str,
        at_ns: int | None = None,
        late_ns: int = 0,
    ) -> None:
        """A query is over: record it, tell Locust, wake whoever waits.  Once only."""
        if query.ending is not None:
            return
        query.ending, query.reason = ending, reason
        self.open.pop(query.id, None)
        query.session.correlator.ended(query.id)
        query.done_ns = at_ns
        self.recorder.note(
            "queries",
            step="ended",
            query=query.id,
            session=query.session.id,
            principal=query.session.principal.id,
            conversation=query.label,
            kind=query.kind,
            first_ns=query.first_ns,
            done_ns=at_ns,
            late_ns=late_ns,
            ending=ending.value,
            reason=reason,
        )
        if query.kind not in PROVOKED and reason not in (Reason.RUN_ENDED, Reason.GIVEN_UP):
            took_s = ((at_ns or time.monotonic_ns()) - query.due_ns) / 1e9
            self.report("completion", took_s * 1e3, 0, None if ending is Ending.OK else reason)
            if ending is Ending.OK:
                self.phases.answered(took_s)
        query.done.set()

    def _sweeping(self) -> None:
        """End the queries whose time is up."""
        while True:
            gevent.sleep(SWEEP_SECONDS)
            now = time.monotonic_ns()
            for query in list(self.open.values()):
                if query.deadline_ns > now:
                    break  # they stand in the order in which they were sent
                self.end(query, Ending.INFO, Reason.TIMEOUT)

    def _watching_health(self) -> None:
        while True:
            gevent.sleep(HEALTH_SECONDS)
            self._record_health()

    def _record_health(self) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.recorder.health(
            stall_ns=self.watch.take_worst_ns(),
            cpu_ns=int((used.ru_utime + used.ru_stime) * 1e9),
            run_delay_ns=run_delay_ns(),
            sessions=len(self.sessions),
            open_queries=len(self.open),
            frames=self.recorder.frames_seen,
        )

    def finish(self, how: str) -> None:
        """Let open queries finish for a while with open sockets, then close and seal."""
        limit = time.monotonic() + float(self.plan.workload.drain)
        while self.open and not self.broken and time.monotonic() < limit:
            gevent.sleep(SWEEP_SECONDS)
        self.stopping = True
        for query in list(self.open.values()):
            self.end(query, Ending.INFO, Reason.RUN_ENDED)
        for session in list(self.sessions.values()):
            session.close()
        limit = time.monotonic() + 1.0
        while self.sessions and time.monotonic() < limit:
            gevent.sleep(SWEEP_SECONDS)
        for session in list(self.sessions.values()):
            session.abort()
        gevent.killall(self._keepers)
        self._record_health()
        self.watch.stop()
        if self.broken:
            self.recorder.abandon()
        else:
            self.recorder.seal(how)


def due_now() -> Nanoseconds:
    """The present moment of the monotonic clock."""
    return Nanoseconds(time.monotonic_ns())


def _chatter(plan: Plan) -> int:
    """As many words of chatter as the plan wants, and as fit into what the platform takes."""
    limit = plan.dialect.send_limit
    if limit is None:
        return plan.workload.words
    return min(plan.workload.words, max(0, int(limit) - ENVELOPE) // LONGEST_WORD)


def _tls(*, insecure: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
