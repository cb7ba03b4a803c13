"""Finds the session that an event of a run is for: the one that asked."""

from __future__ import annotations

from reference_platform.agent.run import Run
from reference_platform.faults import Faults
from reference_platform.nouns import RequestId, RunId, ThreadId
from reference_platform.sockets.sessions import Hub, Session
from reference_platform.sockets.wire import Event


class Router:
    """Sends what runs say to the sessions that asked.

    An honest run is asked for its session.  The faults here look it up in tables of their own.
    """

    def __init__(self, hub: Hub, faults: Faults) -> None:
        """Deliver by way of this hub."""
        self._hub = hub
        self._faults = faults
        self._by_request: dict[RequestId, Session] = {}
        self._by_key: dict[str, Session] = {}
        self._replying: set[RunId] = set()
        self._keyed: set[RunId] = set()
        self._newest: Session | None = None

    def connected(self, session: Session) -> None:
        """A session is new.  Fault wrong_routing_key: it is entered under its user's id."""
        if self._faults.on("wrong_routing_key"):
            self._by_key[session.user_id] = session

    def named(self, session: Session, thread_id: ThreadId) -> None:
        """A client speaks of a thread.  Fault wrong_routing_key: so its session follows it."""
        if self._faults.on("wrong_routing_key"):
            self._by_key[thread_id] = session

    def begin(self, run: Run) -> None:
        """A run is accepted.

        Fault reply_map_collision: its session is entered under the request id that its client
        chose.  Fault duplicate_emitter: the global emitter turns to the newest session.
        """
        self._newest = run.session
        if self._faults.strikes("reply_map_collision"):
            self._by_request[run.request_id] = run.session
            self._replying.add(run.id)
        if self._faults.strikes("wrong_routing_key"):
            self._keyed.add(run.id)

    def stored(self, run: Run) -> None:
        """A run's answer is stored.  Fault wrong_routing_key: now its thread is followed."""
        if self._faults.on("wrong_routing_key"):
            self._by_key.setdefault(run.thread_id, run.session)

    def end(self, run: Run) -> None:
        """A run is over: its entries go, whoever made them last."""
        if run.id in self._replying:
            self._replying.discard(run.id)
            self._by_request.pop(run.request_id, None)
        self._keyed.discard(run.id)

    def send(self, run: Run, event: Event) -> None:
        """Deliver an event of a run.

        Fault wrong_routing_key: the thread's id is given where the user's belongs; what no
        session is entered under is dropped.  Fault duplicate_emitter: once more, by the other.
        """
        session: Session | None = run.session
        if run.id in self._keyed:
            session = self._by_key.get(run.thread_id)
        elif run.id in self._replying:
            session = self._by_request.get(run.request_id)
        if session is not None:
            self._hub.deliver(session, event)
        if self._newest is not None and self._faults.strikes("duplicate_emitter"):
            self._hub.deliver(self._newest, event)
