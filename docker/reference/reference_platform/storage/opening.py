"""Chooses the database by its URL; PostgreSQL's packages are imported where it is chosen."""

from __future__ import annotations

from reference_platform.faults import Faults
from reference_platform.storage.database import Database


def open_database(url: str, faults: Faults) -> Database:
    """Choose the database by its URL: ``sqlite:///PATH`` or ``postgresql://…``.

    Raises ValueError for any other scheme.
    """
    if url.startswith("sqlite:///"):
        from reference_platform.storage.sqlite import SqliteDatabase

        return SqliteDatabase(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        from reference_platform.storage.postgres import PostgresDatabase

        return PostgresDatabase(url, faults)
    raise ValueError("the database must be sqlite:///PATH or postgresql://…")
