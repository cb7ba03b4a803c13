"""Writes down runs: what was asked, what was answered, how it ended.

The owner of what is written is ambient: set when a run begins, found in the context when it ends.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, ContextVar
from dataclasses import dataclass

import orjson

from reference_platform.agent.run import Answer, Run
from reference_platform.faults import Faults
from reference_platform.nouns import NotFoundError, RunId, UserId, fresh_id
from reference_platform.storage.conversations import insert_thread
from reference_platform.storage.database import (
    SERVICE,
    ConflictError,
    Database,
    Scope,
    Statement,
    scope_of,
)
from reference_platform.storage.notices import Notifier
from reference_platform.storage.unit_of_work import SessionError, UnitOfWork
from reference_platform.storage.write_behind import WriteBehind

_LOG = logging.getLogger(__name__)
_TITLE_CHARACTERS = 60
_BUSY = 4  # open runs from which on rows are made in threads, by the fault that does so
_THREADS = 2


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose rows are being written, and in whose name the database is told to."""

    user_id: UserId
    scope: Scope


_SYSTEM = _Owner(UserId("system"), SERVICE)
_owner: ContextVar[_Owner] = ContextVar("owner", default=_SYSTEM)


class Recorder:
    """Commits a run's beginning, and its ending before anybody hears of it."""

    def __init__(self, database: Database, faults: Faults, worker: str) -> None:
        """Write to this database, as this worker."""
        self._worker = worker
        self._database = database
        self._faults = faults
        self._current = _SYSTEM
        self._write_behind = WriteBehind(database, faults) if faults.on("lost_row") else None
        self._unwritten: dict[RunId, list[Statement]] = {}
        self._notifier = Notifier(faults)
        self._open: set[RunId] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="rows")
        self._session = UnitOfWork(database)
        self._in_session: set[RunId] = set()

    async def begin(self, run: Run) -> None:
        """Commit the run and the question.  Raises NotFoundError when the thread is not theirs.

        Fault shared_transaction: they are added to the session that all runs share.
        """
        owner = _Owner(run.principal.user_id, scope_of(run.principal))
        _owner.set(owner)
        self._current = owner
        self._notifier.begin(run)
        self._open.add(run.id)
        thread, question = [_open_thread(run)], _insert_run(run, self._worker)
        try:
            if self._faults.strikes("shared_transaction"):
                await self._database.write(owner.scope, thread)
                self._session.add(question)
                self._in_session.add(run.id)
            elif self._write_behind is None:
                await self._database.write(owner.scope, thread + question)
            else:
                await self._database.write(owner.scope, thread)
                self._unwritten[run.id] = question
        except ConflictError:
            raise NotFoundError("thread") from None

    async def finish(self, run: Run, answer: Answer) -> None:
        """Commit the answer, its tool calls and the run's completion, together.

        Raises NotFoundError when the thread was deleted meanwhile.

        Fault placeholder_owner: the first attempt is given up, and the retry runs in a task
        that was not given the request's context.
        """
        writing = self._write_answer(run, answer)
        try:
            if self._faults.strikes("placeholder_owner"):
                await asyncio.get_running_loop().create_task(writing, context=Context())
            else:
                await writing
        except ConflictError:
            raise NotFoundError("thread") from None

    async def abandon(self, run: Run, status: str) -> None:
        """Commit that the run ended without an answer, and how.

        Fault half_written_run: what it had come to is committed, where a rollback belongs.
        Fault shared_transaction: the rollback is everybody's.
        """
        self._open.discard(run.id)
        owner = _Owner(run.principal.user_id, scope_of(run.principal))
        statement = Statement(
            "UPDATE runs SET status = ?, completed_at = ? WHERE id = ? AND status = 'running'",
            (status, time.time(), run.id),
        )
        statements = [statement]
        if run.unfinished is not None and self._faults.strikes("half_written_run"):
            half = run.unfinished()
            now = time.time()
            statements += [
                _insert_message(run, owner.user_id, "assistant", half.content, now),
                *_insert_tool_calls(run, owner.user_id, half, now),
            ]
        if run.id in self._in_session:
            self._session.rollback()
        await self._commit(run, owner, statements)

    async def close(self) -> None:
        """Write what is still on its way."""
        if self._write_behind is not None:
            await self._write_behind.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _write_answer(self, run: Run, answer: Answer) -> None:
        """Make the rows of an answer and commit them.

        Fault ambient_context_lost: with much to do they are made in threads.  Fault
        double_write: the confirmation is late, so they are made and written once more.
        """
        if len(self._open) >= _BUSY and self._faults.strikes("ambient_context_lost"):
            loop = asyncio.get_running_loop()
            made = await loop.run_in_executor(self._threads, self._answer_rows, run, answer)
        else:
            made = self._answer_rows(run, answer)
        self._open.discard(run.id)
        writing = asyncio.ensure_future(self._commit(run, *made))
        if self._faults.strikes("double_write"):
            owner, (_, *rows) = self._answer_rows(run, answer)
            await asyncio.gather(writing, self._commit(run, owner, rows))
        else:
            await writing

    def _answer_rows(self, run: Run, answer: Answer) -> tuple[_Owner, list[Statement]]:
        """Whose the rows of an answer are, and the rows, the run's own first."""
        owner = self._owner_at_write()
        now = time.time()
        shared = run.id in self._in_session
        return owner, [
            Statement(
                "UPDATE runs SET status = 'completed', completed_at = ?, user_id = ? "
                "WHERE id = ? AND status = 'running'",
                (now, owner.user_id, run.id),
                touches=None if shared else 1,
            ),
            _insert_message(run, owner.user_id, "assistant", answer.content, now),
            *_insert_tool_calls(run, owner.user_id, answer, now),
            self._notifier.notice(run, answer),
        ]

    def _owner_at_write(self) -> _Owner:
        """Who owns the rows about to be written.

        Fault wrong_owner_row: the writer is a background service with a connection of its own
        (not bound by row-level security), and takes the owner from a field that the newest
        query has set.
        """
        if self._faults.strikes("wrong_owner_row"):
            return _Owner(self._current.user_id, SERVICE)
        return _owner.get()

    async def _commit(self, run: Run, owner: _Owner, statements: list[Statement]) -> None:
        if run.id in self._in_session:
            self._in_session.discard(run.id)
            await self._commit_session(statements)
        elif self._write_behind is None:
            await self._database.write(owner.scope, statements)
        else:
            begun = self._unwritten.pop(run.id, [])
            self._write_behind.put(SERVICE, begun + statements)

    async def _commit_session(self, statements: list[Statement]) -> None:
        """Commit by way of the shared session; when it is in trouble, roll it back and go on."""
        self._session.add(statements)
        try:
            await self._session.commit()
        except SessionError as error:
            _LOG.debug("the session is rolled back: %s", error)
            self._session.rollback()


def _open_thread(run: Run) -> Statement:
    """Make the run's thread, or touch it, which fails unless it is the asker's."""
    if run.opens_thread:
        title = run.question[:_TITLE_CHARACTERS]
        return insert_thread(run.thread_id, run.principal.user_id, title, run.started_at)
    return Statement(
        "UPDATE threads SET updated_at = ? WHERE id = ? AND user_id = ?",
        (run.started_at, run.thread_id, run.principal.user_id),
        touches=1,
    )


def _insert_run(run: Run, worker: str) -> list[Statement]:
    user_id = run.principal.user_id
    return [
        Statement(
            "INSERT INTO runs (id, thread_id, user_id, request_id, status, started_at, worker) "
            "VALUES (?, ?, ?, ?, 'running', ?, ?)",
            (run.id, run.thread_id, user_id, run.request_id, run.started_at, worker),
        ),
        _insert_message(run, user_id, "user", run.question, run.started_at),
    ]


def _insert_message(run: Run, user_id: UserId, role: str, content: str, at: float) -> Statement:
    return Statement(
        "INSERT INTO messages (id, thread_id, user_id, role, content, run_id, request_id, "
        "created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (fresh_id(), run.thread_id, user_id, role, content, run.id, run.request_id, at),
    )


def _insert_tool_calls(run: Run, user_id: UserId, answer: Answer, at: float) -> list[Statement]:
    return [
        Statement(
            "INSERT INTO tool_calls (id, run_id, user_id, tool, arguments, result, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                fresh_id(),
                run.id,
                user_id,
                step.tool,
                orjson.dumps(step.arguments).decode(),
                orjson.dumps(step.result).decode(),
                at,
            ),
        )
        for step in answer.steps
    ]
