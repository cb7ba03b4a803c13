"""Named metrics of a Prometheus endpoint, in its text format."""

from __future__ import annotations

import urllib3
from prometheus_client.parser import text_string_to_metric_families

from isolation_checks.plan.tables.resources import Metric, Prometheus
from isolation_checks.resources.source import Level, Unit, UnreachableError

SECONDS = 5.0
"""How long an endpoint may take to answer."""
MOST_OCTETS = 20_000_000
OK = 200
COUNTERS = ("counter", "histogram", "summary")


class Endpoint:
    """One endpoint and the metrics that are read there.

    It follows no redirect: the host that answers is the one that was allowed.
    """

    def __init__(self, named: Prometheus, *, insecure: bool = False) -> None:
        self._named = named
        self._pool = urllib3.PoolManager(
            retries=False,
            timeout=SECONDS,
            cert_reqs="CERT_NONE" if insecure else "CERT_REQUIRED",
        )

    def __call__(self) -> list[Level]:
        """Every metric that is there; one that is not makes the endpoint say so."""
        families = _families(self._fetched())
        levels = [_level(metric, families) for metric in self._named.metrics]
        found = [level for level in levels if level is not None]
        if not found:
            names = ", ".join(metric.name for metric in self._named.metrics)
            raise UnreachableError(f"it says nothing called {names} with the labels that are asked")
        return found

    def _fetched(self) -> str:
        headers = {"Accept": "text/plain; version=0.0.4"}
        if self._named.token is not None:
            headers["Authorization"] = f"Bearer {self._named.token.value()}"
        try:
            answer = self._pool.request(
                "GET", self._named.url, headers=headers, redirect=False, preload_content=False
            )
            with answer:
                content = answer.read(MOST_OCTETS + 1)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"it does not answer ({type(error).__name__})") from error
        if answer.status != OK:
            raise UnreachableError(f"it answers {answer.status}")
        if len(content) > MOST_OCTETS:
            raise UnreachableError(f"it says more than {MOST_OCTETS // 1_000_000} MB")
        text: str = content.decode("utf-8", "replace")
        return text


_Families = list[tuple[str, dict[str, str], float, bool]]
"""A sample's name, labels and value, and whether it only ever grows."""


def _families(text: str) -> _Families:
    try:
        return [
            (sample.name, sample.labels, float(sample.value), _counts(family.type, sample.name))
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]
    except (ValueError, KeyError, IndexError) as error:
        raise UnreachableError("what it says is not Prometheus's text format") from error


def _counts(kind: str, name: str) -> bool:
    if kind in COUNTERS:
        return not (kind == "summary" and not name.endswith(("_sum", "_count")))
    return kind in ("unknown", "untyped") and name.endswith("_total")


def _level(metric: Metric, families: _Families) -> Level | None:
    fitting = [
        (value, counts)
        for name, labels, value, counts in families
        if name == metric.name and metric.labels.items() <= labels.items()
    ]
    if not fitting:
        return None
    counts = fitting[0][1]
    shows = metric.shows or metric.name
    return Level(
        resource=shows,
        unit=_unit(shows, metric.name, counts=counts),
        value=sum(value for value, _ in fitting),
        counts=counts,
        most=metric.most,
    )


def _unit(shows: str, name: str, *, counts: bool) -> Unit:
    if counts:
        return "cores" if shows == "cpu" else "per_s"
    return "bytes" if shows == "memory" or name.endswith("_bytes") else "count"
