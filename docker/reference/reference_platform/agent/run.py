"""One query on its way through the platform, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reference_platform.nouns import Principal, RequestId, RunId, ThreadId, fresh_id
from reference_platform.sockets.wire import Event

if TYPE_CHECKING:
    from reference_platform.sockets.sessions import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One use of a tool."""

    tool: str
    arguments: dict[str, Any]
    result: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an agent came up with."""

    content: str
    steps: tuple[Step, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """One query: who asked what, in which thread, over which session."""

    principal: Principal
    session: Session
    request_id: RequestId
    thread_id: ThreadId
    opens_thread: bool
    question: str
    id: RunId = field(default_factory=lambda: RunId(fresh_id()))
    started_at: float = field(default_factory=time.time)
    task: asyncio.Task[None] | None = None
    begun: bool = False  # its first rows are committed
    cancelled: bool = False  # somebody wants it to end
    settling: bool = False  # its last rows are being committed: too late to cancel
    ended: bool = False  # its last event was posted
    watched: bool = True  # somebody notices if its agent dies
    unfinished: Callable[[], Answer] | None = None  # its answer as far as it has come

    def cancel(self) -> None:
        """End the run, once its beginning is stored, so that its rows can say so."""
        self.cancelled = True
        if self.task is not None and self.begun:
            self.task.cancel()

    def event(self, kind: str, payload: dict[str, Any]) -> Event:
        """An event of this run, with all its identifiers."""
        return Event(
            type=kind,
            user_id=self.principal.user_id,
            thread_id=self.thread_id,
            run_id=self.id,
            request_id=self.request_id,
            payload=payload,
        )
