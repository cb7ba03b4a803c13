"""Connections to the platform's database, read-only, through ADBC.

One function per engine opens a connection; everything else is the same for all.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isolation_checks.plan.units import Secret
from isolation_checks.rows.ways import Engine


def resolved(url: str) -> str:
    """A plan's URL with its reference looked up.

    Raises:
        LookupError: it refers to something that is not there.
    """
    return Secret(url).value() if url.startswith(("env:", "file:")) else url


def engine_of(url: str) -> Engine:
    """Which engine a URL names.

    Raises:
        LookupError: none that is known.
    """
    if url.startswith("sqlite:///"):
        return "sqlite"
    if re.match(r"postgres(ql)?://", url):
        return "postgresql"
    scheme = re.match(r"[a-z][a-z0-9+.-]*(?=://)", url)
    kind = f"{scheme[0]}://" if scheme else "this database's address"
    raise LookupError(f"no row source for {kind} is known; there are sqlite and postgresql")


@contextmanager
def snapshot(url: str) -> Iterator[Any]:
    """A cursor in a read-only transaction that sees one state of the database."""
    with _OPENERS[engine_of(url)](url) as connection, connection.cursor() as cursor:
        yield cursor


@contextmanager
def _sqlite(url: str) -> Iterator[Any]:
    import adbc_driver_sqlite.dbapi as driver  # noqa: PLC0415 - only where it is needed

    path = Path(url.removeprefix("sqlite:///"))
    if not path.is_file():
        raise LookupError(f"there is no file {path}")
    with driver.connect(f"file:{urllib.parse.quote(str(path))}?mode=ro") as connection:
        yield connection


@contextmanager
def _postgresql(url: str) -> Iterator[Any]:
    import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415 - only where it is needed

    with driver.connect(url) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL TIME ZONE 'UTC'")  # what times without a zone are in
        yield connection


_OPENERS: Mapping[Engine, Callable[[str], Any]] = {"sqlite": _sqlite, "postgresql": _postgresql}


def without_secrets(text: str, url: str) -> str:
    """An error's text with the URL and its password taken out."""
    for secret in sorted(filter(None, _secrets(url)), key=len, reverse=True):
        text = text.replace(secret, "…")
    return " ".join(text.split())[:500]


def _secrets(url: str) -> Iterator[str]:
    """The URL, and its password wherever one may stand in it, as written and as meant."""
    yield url
    written = re.findall(
        r"(?:^|//)[^/?#@]*?:([^/?#@]*)@|[?&\s;]password=([^&\s;]*)", url, re.IGNORECASE
    )
    for password in (found for pair in written for found in pair):
        yield password
        yield urllib.parse.unquote(password)
        yield urllib.parse.unquote_plus(password)
