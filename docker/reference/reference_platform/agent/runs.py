"""Takes queries in, gives each an agent, and sees that every one of them ends.

Whatever happens to an agent, its run ends with one of `agent_completed`, `agent_error` and
`agent_cancelled`, and the rows say the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Any

from reference_platform.agent.agent import Agent
from reference_platform.agent.dispatcher import Emit
from reference_platform.agent.factory import AgentFactory
from reference_platform.agent.notifications import NotificationQueue
from reference_platform.agent.reports import ErrorReports
from reference_platform.agent.run import Answer, Run
from reference_platform.faults import Faults
from reference_platform.nouns import (
    NotFoundError,
    PlatformError,
    Principal,
    RequestId,
    ThreadId,
    UserId,
    fresh_id,
)
from reference_platform.sockets.routing import Router
from reference_platform.sockets.sessions import Session
from reference_platform.sockets.wire import error_event
from reference_platform.storage.recorder import Recorder

_LOG = logging.getLogger(__name__)
_DEATH_AFTER_EVENTS = (2, 8)  # a killed agent dies after so many events


class AgentVanished(BaseException):
    """An agent's process is gone.  Like the real thing, no handler of errors sees it."""


class Runs:
    """All runs of this worker."""

    def __init__(
        self,
        *,
        router: Router,
        agents: AgentFactory,
        recorder: Recorder,
        faults: Faults,
        limit_s: float,
        per_user: int,
    ) -> None:
        """Allow each run `limit_s` and each user `per_user` runs at once."""
        self._router = router
        self._agents = agents
        self._recorder = recorder
        self._faults = faults
        self._limit_s = limit_s
        self._per_user = per_user
        self._running: Counter[UserId] = Counter()
        self._tasks: dict[asyncio.Task[None], Run] = {}
        self._obituaries: set[asyncio.Task[None]] = set()
        self._strays: set[asyncio.Task[Answer]] = set()
        self._reports = ErrorReports(faults)
        self._notifications = (
            NotificationQueue(router, faults) if faults.on("lost_terminal") else None
        )

    def submit(
        self,
        principal: Principal,
        session: Session,
        request_id: RequestId,
        thread_id: ThreadId | None,
        question: str,
    ) -> Run:
        """Start a run.  Raises PlatformError when it is not accepted."""
        if self._faults.strikes("silent_swallow"):
            raise ConnectionError("the intake queue is not reachable")
        if request_id in session.runs:
            raise PlatformError("duplicate_request", "a query with this request_id is running")
        if self._running[principal.user_id] >= self._per_user:
            raise PlatformError("rate_limited", f"at most {self._per_user} queries at once")
        run = Run(
            principal=principal,
            session=session,
            request_id=request_id,
            thread_id=thread_id or ThreadId(fresh_id()),
            opens_thread=thread_id is None,
            question=question,
        )
        self._running[principal.user_id] += 1
        session.runs[request_id] = run
        self._router.begin(run)
        self._reports.begin(run)
        run.task = asyncio.create_task(self._conduct(run))
        self._tasks[run.task] = run
        run.task.add_done_callback(self._released)
        return run

    def cancel(self, session: Session, request_id: RequestId) -> None:
        """Cancel a run of this session.  Raises PlatformError when there is nothing to cancel."""
        run = session.runs.get(request_id)
        if run is None:
            raise NotFoundError("running query")
        if run.settling:
            raise PlatformError("too_late", "the answer is already being stored")
        run.cancel()

    async def cancel_user(self, user_id: UserId) -> None:
        """Cancel all runs of a user, and wait until each is recorded."""
        await self._cancel(
            [run for run in self._tasks.values() if run.principal.user_id == user_id]
        )

    async def close(self) -> None:
        """Cancel everything, and wait until each run is recorded."""
        await self._cancel(list(self._tasks.values()))
        for stray in self._strays:
            stray.cancel()

    async def _cancel(self, runs: list[Run]) -> None:
        tasks = [run.task for run in runs if run.task is not None]
        for run in runs:
            if not run.settling:
                run.cancel()
        await asyncio.gather(*tasks, *self._obituaries, return_exceptions=True)

    async def _conduct(self, run: Run) -> None:
        """A run from its beginning to its last event."""
        try:
            answer = await self._answer(run)
        except asyncio.CancelledError:
            await self._give_up(run, "cancelled", "agent_cancelled", {})
        except TimeoutError:
            error = PlatformError("timeout", f"no answer within {self._limit_s:g} s")
            await self._fail(run, "timed_out", error)
        except PlatformError as error:
            if run.begun:
                await self._fail(run, "failed", error)
            else:
                self._reject(run, error)
        except Exception:  # noqa: BLE001 - death detection is for whatever may happen
            _LOG.exception("an agent died")
            await self._died(run)
        else:
            self._completed(run, answer)

    async def _answer(self, run: Run) -> Answer:
        """Begin, have an agent answer, and commit; once committing, nothing interrupts."""
        async with asyncio.timeout(self._limit_s):
            await self._recorder.begin(run)
            run.begun = True
            if run.cancelled:
                raise asyncio.CancelledError
            agent = await self._agents.create(run)
            run.unfinished = agent.unfinished
            try:
                answer = await self._work(agent, self._emitter(run))
            finally:
                self._agents.release(agent)
            run.settling = True
        await self._recorder.finish(run, answer)
        return answer

    async def _work(self, agent: Agent, emit: Emit) -> Answer:
        """Have an agent answer, and end it with its run.

        Fault late_frames: it is waited for, but not stopped when the wait is over.
        """
        if not self._faults.strikes("late_frames"):
            return await agent.answer(emit)
        stray = asyncio.create_task(agent.answer(emit))
        self._strays.add(stray)
        stray.add_done_callback(self._gone)
        return await asyncio.shield(stray)

    def _gone(self, stray: asyncio.Task[Answer]) -> None:
        self._strays.discard(stray)
        if not stray.cancelled():
            stray.exception()  # seen; whoever still waited for it has told

    def _emitter(self, run: Run) -> Emit:
        """How the run's agent tells what it does.

        Fault hung_agent: the agent's process is killed before one of its events, and nobody
        watches it.
        """
        doom = -1
        if self._faults.strikes("hung_agent"):
            doom = self._faults.dice("hung_agent").randint(*_DEATH_AFTER_EVENTS)
            run.watched = False
        emitted = 0

        def emit(kind: str, payload: dict[str, Any]) -> None:
            nonlocal emitted
            if emitted == doom:
                raise AgentVanished
            emitted += 1
            self._router.send(run, run.event(kind, payload))

        return emit

    def _completed(self, run: Run, answer: Answer) -> None:
        """Announce the answer.

        Fault lost_terminal: it is left to a queue that has no room for it when others crowd it.
        """
        run.ended = True
        self._router.stored(run)
        event = run.event("agent_completed", {"content": answer.content, "status": "ok"})
        if self._notifications is not None:
            self._notifications.put(run, event)
        else:
            self._router.send(run, event)

    def _reject(self, run: Run, error: PlatformError) -> None:
        """Say that the query was not accepted; nothing of it is stored."""
        run.ended = True
        user_id = run.principal.user_id
        self._router.send(run, error_event(error, user_id, run.request_id))

    async def _died(self, run: Run) -> None:
        await self._fail(run, "failed", PlatformError("agent_died", "the agent died"))

    async def _fail(self, run: Run, status: str, error: PlatformError) -> None:
        await self._give_up(run, status, "agent_error", self._reports.report(error))

    async def _give_up(self, run: Run, status: str, kind: str, payload: dict[str, Any]) -> None:
        """Store that the run has no answer, then say so, whether or not it could be stored."""
        run.settling = run.ended = True
        try:
            await self._recorder.abandon(run, status)
        except Exception:  # noqa: BLE001 - the client is told all the same
            _LOG.exception("the end of a run was not stored")
        self._router.send(run, run.event(kind, payload))

    def _released(self, task: asyncio.Task[None]) -> None:
        """Free what a run held; the death of an agent that ended without a word is told here."""
        run = self._tasks.pop(task)
        user_id = run.principal.user_id
        self._running[user_id] -= 1
        if not self._running[user_id]:
            del self._running[user_id]
        run.session.runs.pop(run.request_id, None)
        if run.ended or not run.watched:
            self._router.end(run)
        if not task.cancelled():
            task.exception()  # seen; what is not ended below was reported as it happened
        if not run.ended and run.watched:
            obituary = asyncio.get_running_loop().create_task(self._died(run))
            self._obituaries.add(obituary)
            obituary.add_done_callback(self._obituaries.discard)
