"""A database session that collects statements until they are committed together.

Only the fault shared_transaction uses it, for all runs at once: honest writes are transactions
of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from reference_platform.storage.database import SERVICE, ConflictError, Database, Statement


class SessionError(Exception):
    """The session cannot be used before it is rolled back."""


class UnitOfWork:
    """What was added is committed, or rolled back, together: whoever asks, whoever added."""

    def __init__(self, database: Database) -> None:
        """An empty session."""
        self._database = database
        self._pending: list[Statement] = []
        self._committing = False

    def add(self, statements: Sequence[Statement]) -> None:
        """Add to the next commit."""
        self._pending += statements

    async def commit(self) -> None:
        """Commit what was added.  Raises SessionError; then it is still there."""
        if self._committing:
            raise SessionError("another operation is in progress")
        self._committing = True
        batch, self._pending = self._pending, []
        try:
            await self._database.write(SERVICE, batch)
        except ConflictError as error:
            raise SessionError(str(error)) from error
        finally:
            self._committing = False

    def rollback(self) -> None:
        """Forget what was added."""
        self._pending.clear()
