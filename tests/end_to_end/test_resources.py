"""What the platform itself uses, sampled while it is driven: its processes, metrics, PostgreSQL.

The platform is the real one on a real PostgreSQL, and the endpoint a real HTTP server with
Prometheus's own client library, which counts what the test makes it count.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
from importlib import resources
from pathlib import Path

import prometheus_client
import pytest

from isolation_checks.verdicts import capacity, verdict
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end import drives
from tests.end_to_end import test_open_load as loads
from tests.end_to_end.platforms import platform
from tests.isolation_checks.resources.endpoint import serving
from tests.servers.postgres import free_port, postgres_server

pytestmark = pytest.mark.slow
SCENARIO = Path("locustfiles/capacity.py").resolve()
PER_SECOND = 20.0
SAMPLED = """
[resources]
every = "500ms"
processes = {{ pids = [{pid}] }}
database = {{}}
[[resources.prometheus]]
url = "{metrics}"
token = "env:METRICS_TOKEN"
metrics = [
    {{ name = "waits_total", shows = "pool waits" }},
    {{ name = "pool_in_use", shows = "pool", most = 8 }},
]
[[resources.prometheus]]
name = "away"
url = "http://127.0.0.1:{nobody}/metrics"
metrics = [{{ name = "up" }}]
[[objectives]]
indicator = "completion"
quantile = 0.9
limit = "10s"
"""


def planned(announced, **sampled):
    """The reference plan for a platform that we started, without probes, and what is sampled."""
    text = (resources.files("isolation_checks.plan") / "reference.toml").read_text("utf-8")
    before, _, behind = text.partition("[probes]")
    text = before + behind[behind.index("[rows]") :]
    for name, there in (("ws", "ws://127.0.0.1:1/ws"), ("http", "http://127.0.0.1:1")):
        assert f'"{there}"' in text
        text = text.replace(f'"{there}"', f'"{announced[name]}"')
    return text + SAMPLED.format(pid=announced["pid"], **sampled)


def counting(stop, counter):
    """Count steadily, as a pool whose waits grow does."""
    while not stop.wait(0.05):
        counter.inc(PER_SECOND * 0.05)


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    """A step at a platform of which everything is sampled; what was said, the run."""
    folder = tmp_path_factory.mktemp("sampled")
    registry = prometheus_client.CollectorRegistry()
    waits = prometheus_client.Counter("waits", "pool waits", registry=registry)
    prometheus_client.Gauge("pool_in_use", "taken", registry=registry).set(6)
    stop = threading.Event()
    steady = threading.Thread(target=counting, args=(stop, waits))
    with (
        postgres_server() as database,
        platform("--database", database) as announced,
        serving(registry) as metrics,
        pytest.MonkeyPatch.context() as patched,
    ):
        steady.start()
        patched.setenv("CROSSTALK_ROWS_URL", database)
        patched.setenv("METRICS_TOKEN", "a secret of ours that is long")
        plan = planned(announced, metrics=metrics, nobody=free_port())
        options = ("--steps", "6", "--hold", "3s", "--settle", "1s")
        try:
            yield loads.drive(folder, plan, SCENARIO, *options)
        finally:
            stop.set()
            steady.join()


def used(step):
    return {(each.source, each.resource): each for each in step.resources}


def test_every_source_stands_beside_every_load(climbed):
    """What is known of each is what is said of it, within what a busy machine allows."""
    said, run = climbed
    asked = [sys.executable, "-m", "crosstalk", "capacity", str(run.path)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert told.returncode == 0, said + told.stderr
    page = Path(told.stdout.rpartition("report ")[2].strip())
    found = capacity.decode((page.parents[1] / "capacity.json").read_bytes())
    assert [6] == [step.users for step in found.steps], said
    for step in found.steps:
        sampled = used(step)
        waits = sampled["prometheus", "pool waits"]
        assert waits.unit == "per_s"
        assert pytest.approx(PER_SECOND, rel=0.4) == waits.mean
        pool = sampled["prometheus", "pool"]
        assert (6, 6, 8) == (pool.mean, pool.peak, pool.most)
        cpu, machine = (sampled["processes", n] for n in ("cpu", "cpu of the machine"))
        assert 0.01 < cpu.mean < machine.mean < machine.most * 1.1
        assert 20e6 < sampled["processes", "memory"].peak < 2e9
        connections = sampled["database", "connections"]
        assert 1 <= connections.peak < connections.most
        assert step.goodput == step.throughput  # nothing takes ten seconds
    assert [any(s.startswith("away could not be sampled ever") for s in found.unsampled)] == [True]
    assert "pool up to 6 of 8" in told.stdout
    assert (page.parent / "figures" / "resources.png").exists()
    rows = list(csv.DictReader((page.parent / "resources.csv").read_text("utf-8").splitlines()))
    assert ("6", "cpu") in {(row["users"], row["resource"]) for row in rows}
    steps = list(csv.DictReader((page.parent / "steps.csv").read_text("utf-8").splitlines()))
    assert [str(step.goodput.value) for step in found.steps] == [
        row["goodput_value"] for row in steps
    ]


def test_it_is_in_the_report_and_changes_no_verdict(climbed):
    """Over the run's time; that one endpoint was away is said, and nothing else follows."""
    said, run = climbed
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None, said
    judged = verdict.decode((folder / "verdict.json").read_bytes())
    assert judged.timeline is not None
    levels = {(each.source, each.resource): each.levels for each in judged.timeline.resources}
    assert sum(level is not None for level in levels["processes", "cpu"]) > 3
    assert any(line.startswith("resources: away could not be sampled") for line in judged.blind)
    history = next(check for check in judged.checks if check.name == "history complete")
    assert Verdict.PASS is history.verdict, said
    assert Verdict.FAIL is not drives.part(judged, "isolation"), said
    assert (folder / "report" / "figures" / "resources.png").exists()
    assert (folder / "report" / "resources.csv").read_text("utf-8").count("pool waits") > 3
    samples = (run.resources / "samples.arrow").read_bytes()
    assert b"a secret of ours" not in samples + run.description.read_bytes()
    assert json.loads((run.resources / "seal.json").read_bytes())["streams"]["samples"]["records"]
