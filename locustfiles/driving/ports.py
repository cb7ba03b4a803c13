"""The ports that Locust is about to listen on: free, or refused in a sentence.

Locust itself exits with 1 for a busy master port, which means FAIL here, and shows a
traceback for a busy web port.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from typing import Any

from isolation_checks.errors import UsageError

_USUAL = 5557
"""The master's port where nothing else is said."""
_TOLD = (errno.EADDRINUSE, errno.EACCES)
"""What else can be wrong with an address, Locust says itself."""


def settle(options: Any) -> None:  # noqa: ANN401 - argparse
    """Give a master with workers of its own a port of its own; refuse ports that are taken.

    Raises:
        UsageError: a port is busy, or forked workers would look for their master elsewhere.
    """
    if options.worker:
        return
    if options.processes:
        if options.master_bind_port == options.master_port == _USUAL:
            options.master_bind_host = "127.0.0.1"  # nobody else's workers are taken anyway
            options.master_bind_port = options.master_port = _free()
        if options.master_bind_port != options.master_port:
            raise UsageError(
                f"--processes forks workers that look for their master on port "
                f"{options.master_port} (--master-port), but it would listen on "
                f"{options.master_bind_port} (--master-bind-port); give both the same"
            )
    for what, option, host, port in _wanted(options):
        problem = _busy(host, port)
        if problem:
            raise UsageError(
                f"{what} cannot listen on port {port} ({problem.lower()}): another Locust may be "
                f"running there; choose another port with {option}"
            )


def _wanted(options: Any) -> Iterator[tuple[str, str, str, int]]:  # noqa: ANN401 - argparse
    if options.master or options.processes:
        option = "--master-bind-port"
        yield "the master", option, options.master_bind_host, options.master_bind_port
    if not options.headless or options.headful:
        yield "the web UI", "--web-port", options.web_host, options.web_port


def _free() -> int:
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        return int(trying.getsockname()[1])


def _busy(host: str, port: int) -> str:
    """Why nobody can listen there, as the system says it; empty: one can."""
    host = "" if host == "*" else host
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host, port))
        except OSError as error:
            return (error.strerror or str(error)) if error.errno in _TOLD else ""
    return ""
