"""A small real HTTP server with Prometheus's own client library behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import prometheus_client


@contextlib.contextmanager
def serving(registry: prometheus_client.CollectorRegistry) -> Iterator[str]:
    """The URL of an endpoint that says this registry's metrics."""
    server, thread = prometheus_client.start_http_server(0, "127.0.0.1", registry)
    try:
        yield f"http://127.0.0.1:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
