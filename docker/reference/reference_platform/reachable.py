"""Looks before the start whether there is what the platform was told to work on."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from reference_platform.settings import Settings

_LIMIT_S = 5.0


class UnreachableError(RuntimeError):
    """Something that the platform cannot do without is not there."""


def check_reachable(settings: Settings) -> None:
    """Raises UnreachableError for a database or a Redis that does not answer.

    Raises ValueError when the package that speaks to it is not installed.
    """
    if settings.database_url.startswith("sqlite:///"):
        _check_sqlite(settings.database_url.removeprefix("sqlite:///"))
    else:
        asyncio.run(_check("database", settings.database_url, _ask_postgres, "postgres"))
    if settings.redis_url is not None:
        asyncio.run(_check("Redis", settings.redis_url, _ask_redis, "redis"))


def _check_sqlite(path: str) -> None:
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=_LIMIT_S)) as connection:
            connection.execute("PRAGMA user_version")
    except sqlite3.Error as error:
        raise UnreachableError(f"the database {path} cannot be opened: {error}") from None


async def _check(what: str, url: str, ask: Callable[[str], Awaitable[None]], extra: str) -> None:
    parts = urlsplit(url)
    place = f"{what} at {parts.hostname or 'localhost'}"
    if parts.port is not None:
        place += f":{parts.port}"
    try:
        async with asyncio.timeout(_LIMIT_S):
            await ask(url)
    except ModuleNotFoundError:
        raise ValueError(f"a {what} needs crosstalk-reference-platform[{extra}]") from None
    except TimeoutError:
        raise UnreachableError(f"the {place} does not answer") from None
    except Exception as error:  # noqa: BLE001 - whatever the driver says, it is not there
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreachableError(f"the {place} cannot be reached: {reason}") from None


async def _ask_postgres(url: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.close()


async def _ask_redis(url: str) -> None:
    from redis import asyncio as redis

    async with redis.Redis.from_url(url) as client:
        await client.ping()
