"""Who asks what is due in an open workload: seats that are free, and new ones while there are few.

What is due is asked as soon as a seat is free.  What no seat was free for until its time was up
is recorded as not sent in time; nothing is dropped.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Protocol

import gevent
from gevent.event import Event
from gevent.pool import Group

from isolation_checks.records import ConversationLabel
from locustfiles.driving import wording
from locustfiles.driving.pace import Arrivals
from locustfiles.driving.principals import Principal
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Query, Rig
from locustfiles.driving.session import Session

AHEAD_SECONDS = 0.25
"""How far ahead due times are computed: so soon a change of the number of users tells."""


class Holder(Protocol):
    """Who has a session, and opens it again where it was lost."""

    principal: Principal

    def connected(self) -> Session:
        """The session."""
        ...


class Seat:
    """One conversation at a time of one holder: whoever sits here asks the next turn of it."""

    def __init__(self, rig: Rig, holder: Holder, number: int) -> None:
        self.holder = holder
        self.left = False
        """Its holder went away."""
        self._rig = rig
        self._number = number
        self._conversation = 0
        self._turn = 0

    def ask(self, due_ns: int) -> Query:
        """Ask the next turn, and return at once."""
        turns = self._rig.plan.workload.turns
        label = ConversationLabel(
            f"{self.holder.principal.id}/{self._number}.{self._conversation + 1}"
        )
        telling = wording.telling(self._number + self._conversation, turns)
        turn, self._turn = self._turn, self._turn + 1
        if self._turn >= turns:
            self._conversation, self._turn = self._conversation + 1, 0
        rig, principal = self._rig, self.holder.principal
        said = wording.of_turn(principal, rig.roster.canary, rig.plan.workload, turn, telling)
        return self.holder.connected().ask(said, label, turn, due_ns)

    def begin_anew(self) -> None:
        """The next query opens a new conversation."""
        if self._turn:
            self._conversation, self._turn = self._conversation + 1, 0


class _Spare(Actor):
    """A session that is opened because there are too few."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig, "user")

    def connected(self) -> Session:
        return self.session()


class Seats:
    """The seats of one process: users bring theirs, spare ones come when all are taken."""

    def __init__(self, rig: Rig) -> None:
        self.users = 0
        self._rig = rig
        self._free: deque[Seat] = deque()
        self._waiting: deque[tuple[int, Callable[[Seat, int], None]]] = deque()
        self._held: dict[Holder, list[Seat]] = {}
        self._spares = 0
        self._coming = 0
        self._first = Event()
        self._acts = Group()
        """Those who ask, and those who come: none of them outlives the drive."""
        self._nobody: Session | None = None
        """In whose name is recorded what nobody was free to ask; it is never opened."""

    def join(self, holder: Holder) -> None:
        """A user is there, with as many seats as the plan lets it have conversations."""
        self.users += 1
        self._add(holder)

    def leave(self, holder: Holder) -> None:
        """A user goes; what it is being answered is still waited for."""
        self.users -= 1
        for seat in self._held.pop(holder, []):
            seat.left = True

    def drive(self, processes: int, _: Rig) -> None:
        """Have asked whatever is due, from the first seat on, until this greenlet is killed."""
        workload = self._rig.plan.workload
        drawn = Random(f"arrivals/{self._rig.seed}/{self._rig.slot}")  # noqa: S311 - a workload
        arrivals = Arrivals(workload, processes, drawn)
        assert workload.rate is not None
        if processes and not workload.rate.per_user:
            self._first.wait(1.0)
            if not self._held:
                self._grow()
        self._first.wait()
        began_ns, ahead_s = time.monotonic_ns(), 0.0
        visit = _visit if workload.model == "partly open" else _single
        try:
            while True:
                ahead_s += AHEAD_SECONDS
                for due_s in arrivals.until(ahead_s, self.users):
                    due_ns = began_ns + int(due_s * 1e9)
                    gevent.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
                    self._due(due_ns, visit(self._rig, self._freed))
                left_s = ahead_s - AHEAD_SECONDS / 2 - (time.monotonic_ns() - began_ns) / 1e9
                gevent.sleep(max(0.0, left_s))
                self._give_up(time.monotonic_ns())
        finally:
            self._acts.kill()
            self._give_up(None)

    def _due(self, due_ns: int, act: Callable[[Seat, int], None]) -> None:
        self._waiting.append((due_ns, act))
        self._serve()
        if self._waiting:
            self._grow()

    def _serve(self) -> None:
        while self._waiting and self._free:
            seat = self._free.popleft()
            if seat.left:
                continue
            due_ns, act = self._waiting.popleft()
            self._acts.spawn(self._guarded, act, seat, due_ns)

    def _guarded(self, act: Callable[[Seat, int], None], seat: Seat, due_ns: int) -> None:
        try:
            act(seat, due_ns)
        except Exception as error:  # noqa: BLE001 - it would be printed, and the run go on
            self._rig.on_broken(error)

    def _freed(self, seat: Seat) -> None:
        if not seat.left:
            self._free.append(seat)
            self._serve()

    def _add(self, holder: Holder) -> None:
        seats = [Seat(self._rig, holder, n) for n in range(self._rig.plan.workload.concurrent)]
        self._held[holder] = seats
        self._free.extend(seats)
        self._first.set()
        self._serve()

    def _grow(self) -> None:
        """One more session, unless as many are on their way as are waited for."""
        coming = self._coming * self._rig.plan.workload.concurrent
        most = max(self._rig.plan.workload.pool, 0 if self._held else 1)
        if self._spares >= most or coming >= max(1, len(self._waiting)):
            return
        self._spares += 1
        self._coming += 1
        self._acts.spawn(self._come)

    def _come(self) -> None:
        try:
            spare = _Spare(self._rig)
            spare.connected()
            self._add(spare)
        except Exception as error:  # noqa: BLE001 - it would be printed, and the run go on
            self._rig.on_broken(error)
        finally:
            self._coming -= 1

    def _give_up(self, now_ns: int | None) -> None:
        """Record what waited until its time was up; with None, whatever waits."""
        patience = int(float(self._rig.plan.workload.timeout) * 1e9)
        while self._waiting and (now_ns is None or now_ns - self._waiting[0][0] > patience):
            due_ns, _ = self._waiting.popleft()
            if self._nobody is None:
                self._nobody = Session(self._rig, self._rig.principal("nobody"))
                self._rig.introduce(self._nobody.principal)
            self._nobody.unasked(due_ns)


def _single(rig: Rig, freed: Callable[[Seat], None]) -> Callable[[Seat, int], None]:  # noqa: ARG001 - a visit needs it
    """An arrival that asks once."""

    def act(seat: Seat, due_ns: int) -> None:
        seat.ask(due_ns).done.wait()
        freed(seat)

    return act


def _visit(rig: Rig, freed: Callable[[Seat], None]) -> Callable[[Seat, int], None]:
    """An arrival that stays for a conversation, as an ordinary user does."""

    def act(seat: Seat, due_ns: int) -> None:
        workload, drawn = rig.plan.workload, seat.holder.principal.random
        seat.begin_anew()
        for _ in range(workload.turns):
            gevent.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
            seat.ask(due_ns).done.wait()
            due_ns = time.monotonic_ns() + int(workload.think.draw(drawn) * 1e9)
        freed(seat)

    return act
