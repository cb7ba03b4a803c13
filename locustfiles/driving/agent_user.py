"""What an ordinary user does: holds a session, has several conversations at once, asks.

Abstract: a concrete User that is imported into a scenario would be spawned.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from gevent.pool import Group
from locust import User
from websockets.client import backoff

from isolation_checks.records import ConversationLabel, Reason
from locustfiles.driving import wording
from locustfiles.driving.principals import Principal
from locustfiles.driving.rig import Rig
from locustfiles.driving.seats import Seats
from locustfiles.driving.session import Session

ORDER_SECONDS = 5.0
"""How long a user waits for the run to begin: a late worker's users may be there first."""


class AgentUser(User):
    """A Locust user with its own principal, token and session."""

    abstract = True
    storms: bool = True
    """Whether it may lose its connection together with all others."""
    rig: Rig | None = None
    """The rig of this process's present run; set when a run starts."""
    seats: Seats | None = None
    """Where users of an open workload sit down, to ask when the clock says so."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Locust's own signature
        super().__init__(*args, **kwargs)
        self.driving: Rig
        self.principal: Principal
        self.session: Session | None = None
        self._connecting = BoundedSemaphore()
        self._conversations = 0

    def on_start(self) -> None:
        """Become a principal and connect, before the first task."""
        limit = time.monotonic() + ORDER_SECONDS
        while self.rig is None:
            if time.monotonic() > limit:
                raise gevent.GreenletExit  # the run could not begin, and is being ended
            gevent.sleep(0.05)
        self.driving = self.rig
        with self._reported():
            self.principal = self.driving.principal("user")
            self.connected()
            if self.seats is not None:
                self.seats.join(self)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Whatever is raised within ends the run; Locust and gevent would print it and go on."""
        try:
            yield
        except Exception as error:
            self.driving.on_broken(error)
            raise gevent.GreenletExit from error  # of a StopUser Locust prints the traceback

    def on_stop(self) -> None:
        """Close the session of a user that leaves while the run goes on.

        At the run's end it stays open for the drain.
        """
        leaving = self.environment.runner is not None and self.environment.runner.state in (
            "spawning",
            "running",
        )
        if leaving and self.seats is not None:
            self.seats.leave(self)
        if leaving and self.session is not None:
            self.session.close()

    def connected(self) -> Session:
        """The session, opened again with a back-off where it was lost."""
        with self._connecting:  # several conversations may miss it at once
            return self._connected()

    def _connected(self) -> Session:
        if self.session is not None and self.session.is_open:
            return self.session
        due_ns = time.monotonic_ns()
        for delay in backoff():
            session = Session(self.driving, self.principal)
            if session.open(due_ns):
                self.session = session
                session.back = self.connected if self.storms else None
                return session
            gevent.sleep(min(delay, 10.0))
            due_ns = time.monotonic_ns()
        raise AssertionError  # the back-off has no end

    def converse(self) -> None:
        """Have the plan's number of conversations at once, each of several turns.

        In an open workload the clock says when which of the users asks; this one waits.
        """
        if self.seats is not None:
            gevent.sleep(3600)
            return
        with self._reported():
            self.connected()
        group = Group()
        try:
            for _ in range(self.driving.plan.workload.concurrent):
                self._conversations += 1
                label = ConversationLabel(f"{self.principal.id}/{self._conversations}")
                turns = self.driving.plan.workload.turns
                telling = wording.telling(self._conversations, turns)
                group.spawn(self._conversing, label, telling)
            group.join()
        finally:
            group.kill(block=False)

    def _conversing(self, label: ConversationLabel, telling: int | None) -> None:
        with suppress(gevent.GreenletExit), self._reported():
            self._conversation(label, telling)

    def _conversation(self, label: ConversationLabel, telling: int | None) -> None:
        workload = self.driving.plan.workload
        drawn = self.principal.random
        due_ns = time.monotonic_ns()
        for turn in range(workload.turns):
            due_ns += int(workload.think.draw(drawn) * 1e9)
            gevent.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
            session = self.connected()
            due_ns = max(due_ns, session.ready_ns)
            said = wording.of_turn(
                self.principal,
                self.driving.roster.canary,
                workload,
                turn,
                telling,
            )
            query = session.ask(said, label, turn, due_ns)
            query.done.wait()
            if query.reason in (Reason.SESSION_LOST, Reason.GIVEN_UP):
                return
            due_ns = time.monotonic_ns()
