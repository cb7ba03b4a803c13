"""A private PostgreSQL server for tests: on a free loopback port, gone when the test is.

Without the server's programs a test is skipped, but under CI (`CI` is set) it fails.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NoReturn

import pytest

from crosstalk import servers
from crosstalk.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["free_port", "missing", "postgres_server"]


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A fresh cluster with one superuser; yields the URL of its database `postgres`."""
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(servers.postgres_server())
        except servers.NotInstalledError as error:
            missing(str(error))
        yield url


def missing(what: str) -> NoReturn:
    """Skip the test for want of a program, or fail it under CI."""
    if os.environ.get("CI"):
        pytest.fail(f"not installed: {what}")
    pytest.skip(f"not installed: {what}")
