"""A real endpoint of prometheus_client, and real servers that are none."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import prometheus_client
import pytest

from isolation_checks.plan.tables.resources import Metric, Prometheus
from isolation_checks.plan.units import Secret
from isolation_checks.resources.exposition import Endpoint
from isolation_checks.resources.source import UnreachableError
from tests.isolation_checks.resources.endpoint import serving


@pytest.fixture(scope="module")
def endpoint():
    """An endpoint with a pool, two workers' CPU and a wait that is counted."""
    registry = prometheus_client.CollectorRegistry()
    cpu = prometheus_client.Counter("worker_cpu_seconds", "used", ["worker"], registry=registry)
    cpu.labels("1").inc(2.5)
    cpu.labels("2").inc(1.5)
    pool = prometheus_client.Gauge("pool_in_use", "taken", ["pool"], registry=registry)
    pool.labels("main").set(7)
    pool.labels("other").set(3)
    prometheus_client.Gauge("resident_bytes", "memory", registry=registry).set(5e6)
    prometheus_client.Histogram("pool_wait_seconds", "waited", registry=registry).observe(0.3)
    with serving(registry) as url:
        yield url


def looked(url, *metrics, **more):
    named = Prometheus(url=url, metrics=tuple(metrics), **more)
    return {level.resource: level for level in Endpoint(named)()}


def test_metrics_are_named_and_added_up(endpoint):
    """What only grows is counted by the second; labels choose; a name of one's own is shown."""
    found = looked(
        endpoint,
        Metric(name="worker_cpu_seconds_total", shows="cpu", most=2),
        Metric(name="pool_in_use", labels={"pool": "main"}, shows="connections", most=10),
        Metric(name="resident_bytes", shows="memory"),
        Metric(name="pool_wait_seconds_count", shows="pool waits"),
        Metric(name="not_there"),
    )
    said = {name: (each.value, each.unit, each.counts, each.most) for name, each in found.items()}
    assert {
        "cpu": (4.0, "cores", True, 2),
        "connections": (7.0, "count", False, 10),
        "memory": (5e6, "bytes", False, None),
        "pool waits": (1.0, "per_s", True, None),
    } == said


def test_nothing_that_was_named_is_there(endpoint):
    with pytest.raises(UnreachableError, match="nothing called not_there"):
        looked(endpoint, Metric(name="not_there"))


@contextlib.contextmanager
def answering(code, content=b"", **headers):
    """A server that answers every GET so; yields its URL and what it was shown."""
    shown = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            shown.append(self.headers["Authorization"])
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/metrics", shown
        server.shutdown()


def test_a_token_is_shown_and_looked_up_only_then(monkeypatch):
    monkeypatch.setenv("METRICS_TOKEN", "a secret of ours")
    with answering(200, b"# TYPE up gauge\nup 1\n") as (url, shown):
        looked(url, Metric(name="up"), token=Secret("env:METRICS_TOKEN"))
    assert ["Bearer a secret of ours"] == shown


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((503,), "it answers 503"),
        ((200, b"<html>up 1 2 3 4</html>{\n"), "not Prometheus's text format"),
    ],
)
def test_what_answers_otherwise_is_said(answer, said):
    with answering(*answer) as (url, _), pytest.raises(UnreachableError, match=said):
        looked(url, Metric(name="up"))


def test_a_redirect_leads_nowhere(endpoint):
    """Only the host that the plan names was allowed."""
    refused = pytest.raises(UnreachableError, match="it answers 302")
    with answering(302, Location=endpoint) as (url, _), refused:
        looked(url, Metric(name="resident_bytes"))
    with pytest.raises(UnreachableError, match="does not answer"):
        looked(url, Metric(name="up"))  # it has gone by now
