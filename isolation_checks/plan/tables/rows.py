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
    url: str | None = None
    """Where it lies, if not in the database of the other tables."""
    keys: tuple[str, ...] = ()
    """The patterns of the keys that are its rows, where it lies in Redis."""
    key: str = "id"
    owner: str | None = None
    owner_is: Literal["subject", "email"] | None = None
    """How its rows name users, if not as the other tables do."""
    conversation: str | None = None
    conversation_owner: str | None = None
    query: str | None = None
    text: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    time: str | None = None
    time_is: Literal["timestamp", "epoch", "iso"] = "timestamp"
    each_query: int | None = None
    """How many rows every query that was answered must have left here."""
    each_failed: int | None = None
    """How many rows a query that the platform declared failed may have left here at most."""
    remembers: bool = False
    """Whether what a principal told the platform to remember must stand here."""
    finished: Finished | None = None

    @property
    def names_owner(self) -> bool:
        """Whether its rows say whose they are."""
        return self.owner is not None or any("{owner}" in pattern for pattern in self.keys)

    @property
    def names_anybody(self) -> bool:
        """Whether its rows say whose they are, or whose their conversation is."""
        return self.names_owner or self.conversation_owner is not None


class Rows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the platform's own rows are read."""

    url: str
    """`sqlite:///PATH`, `postgresql://…`, `mysql://…` or `redis://…` without a password, or a
    reference to a whole URL."""
    tables: tuple[Table, ...]
    owner_is: Literal["subject", "email"] = "subject"
    settle: Duration = Duration(2)
    settle_limit: Duration = Duration(20)
    limit: int = 2_000_000
    """Rows read of one table at most; what was left is said."""
    every_query: bool = True
    """Whether the words of every answered query stand in one of the tables."""
    placeholders: tuple[str, ...] = (
        *("system", "placeholder", "unknown", "anonymous", "default"),
        *("none", "null", "undefined", "nil", "00000000-0000-0000-0000-000000000000"),
    )

    def url_of(self, table: Table) -> str:
        """Where a table lies."""
        return table.url or self.url

    @property
    def urls(self) -> tuple[str, ...]:
        """Where tables lie, each once."""
        return tuple(dict.fromkeys(map(self.url_of, self.tables))) or (self.url,)
