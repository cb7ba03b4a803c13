"""What is wrong with `[resources]`, whose keys are each right: what they must be together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolation_checks.plan import hosts
from isolation_checks.plan.tables.resources import Prometheus, Resources
from isolation_checks.plan.tables.rows import Rows


def complaints(resources: Resources, rows: Rows | None) -> Iterator[str]:
    """Everything that does not hold together, a sentence each."""
    if resources.every <= 0:
        yield "resources.every must be longer than nothing"
    processes = resources.processes
    if processes is not None and not (processes.pids or processes.ports):
        yield "resources.processes needs pids or ports, for example ports = [8000]"
    for each in resources.prometheus:
        yield from _of_endpoint(each)
    names = [each.name for each in resources.prometheus]
    for name in sorted(set(names)):
        if name in ("processes", "database") or names.count(name) > 1:
            yield f"resources.prometheus.name = {name!r} is taken; give each endpoint its own"
    if resources.database is not None:
        yield from _of_database(resources.database.url or (None if rows is None else rows.url))


def _of_endpoint(endpoint: Prometheus) -> Iterator[str]:
    if not re.match(r"https?://", endpoint.url):
        yield "resources.prometheus.url must begin with http:// or https://"
    if re.match(r"[a-z]+://[^/]*@", endpoint.url):
        yield "resources.prometheus.url holds a password; refer to it in token, like 'env:NAME'"
    if not endpoint.metrics:
        yield (
            "resources.prometheus.metrics must name at least one, for example "
            "[{ name = 'process_cpu_seconds_total', shows = 'cpu' }]"
        )


def _of_database(url: str | None) -> Iterator[str]:
    if url is None:
        yield "resources.database needs a url, since the plan has no [rows] either"
    elif not re.match(r"postgres(ql)?://|env:|file:", url):
        yield "resources.database is for PostgreSQL: postgresql://…, or env: or file: with one"
    elif hosts.holds_password(url):
        yield "resources.database.url holds a password; refer to it, like 'env:DATABASE_URL'"
