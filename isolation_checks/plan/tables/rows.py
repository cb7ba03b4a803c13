"""Where the platform's own rows are read."""

from __future__ import annotations

from typing import Literal

import msgspec

from isolation_checks.plan.units import Duration


class Finished(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which values of a column say that a row's operation is over."""

    column: str
    values: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the platform's.

    A *way* is a column, optionally with a path into its JSON after a dot, reached
    over joins that are written with arrows:
    `thread_id -> threads.id -> metadata_.user_id`.
    """

    name: str
    key: str = "id"
    owner: str | None = None
    conversation: str | None = None
    conversation_owner: str | None = None
    query: str | None = None
    text: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    time: str | None = None
    time_is: Literal["timestamp", "epoch", "iso"] = "timestamp"
    each_query: int | None = None
    """How many rows every query that was answered must have left here."""
    finished: Finished | None = None


class Rows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the platform's own rows are read."""

    url: str
    """`sqlite:///PATH`, `postgresql://…` without a password, or a reference to a whole URL."""
    tables: tuple[Table, ...]
    owner_is: Literal["subject", "email"] = "subject"
    settle: Duration = Duration(2)
    settle_limit: Duration = Duration(20)
    limit: int = 2_000_000
    """Rows read of one table at most; what was left is said."""
    placeholders: tuple[str, ...] = ("system", "placeholder", "unknown", "anonymous", "default")
