"""Who is connected to a PostgreSQL, and what they wait for, by its own `pg_stat_activity`."""

from __future__ import annotations

from typing import Any

from isolation_checks.resources.source import Level, UnreachableError
from isolation_checks.rows.sources import engine_of, resolved, without_secrets

ASKED = """
SELECT count(*),
       count(*) FILTER (WHERE state = 'active'),
       count(*) FILTER (WHERE state LIKE 'idle in transaction%'),
       count(*) FILTER (WHERE wait_event_type = 'Lock'),
       current_setting('max_connections')::int
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
"""Of the database that is connected to, but for the one who asks."""
NAMES = (
    "connections",
    "connections at work",
    "connections idle in a transaction",
    "connections that wait for a lock",
)


class Connections:
    """The connections of one database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: Any = None

    def __call__(self) -> list[Level]:
        """How many there are; with every look the database is asked anew."""
        try:
            if self._open is None:
                self._open = _connected(self._url)
            with self._open.cursor() as cursor:
                cursor.execute(ASKED)
                *counts, most = cursor.fetchone()
        except Exception as error:
            self._open = None  # the next look connects anew
            raise UnreachableError(_said(error, self._url)) from error
        return [
            Level(
                resource=name,
                unit="count",
                value=float(count),
                most=float(most) if name == NAMES[0] else None,
            )
            for name, count in zip(NAMES, counts, strict=True)
        ]


def _connected(url: str) -> Any:  # noqa: ANN401 - ADBC is untyped
    """An open connection that sees what is so now: outside of transactions nothing is kept."""
    import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415 - only where it is needed

    address = resolved(url)
    if engine_of(address) != "postgresql":
        raise LookupError("only PostgreSQL says who is connected to it")
    return driver.connect(address, autocommit=True)


def _said(error: Exception, url: str) -> str:
    try:
        return without_secrets(str(error), resolved(url))
    except LookupError:
        return str(error)
