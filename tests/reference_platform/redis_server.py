"""A private Redis for tests: on a free loopback port, in memory, gone when the test is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crosstalk import servers
from tests.servers.postgres import missing

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """Start an empty server; yields its URL."""
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(servers.redis_server())
        except servers.NotInstalledError as error:
            missing(str(error))
        yield url
