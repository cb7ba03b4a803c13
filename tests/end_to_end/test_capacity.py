"""Climbs at a target of which everything is known: how many users it bears, and how.

Five servers that need half a second each answer ten queries a second at most.  By Little's law N
users who pause 0.6 s, and are more than fill it, wait N / 10 − 0.6 s for an answer; no longer
than 1.5 s where they are 21 at most.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from isolation_checks.verdicts import capacity
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end import test_open_load as loads

pytestmark = pytest.mark.slow
SCENARIO = Path("locustfiles/capacity.py").resolve()


SERVERS, SERVICE_S, PAUSE_S, LIMIT_S = 5, 0.5, 0.6, 1.5
TRUTH = SERVERS / SERVICE_S * (LIMIT_S + PAUSE_S)
"""Users: 21."""


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    """A search for the most users within the objective: what was said, and the run."""
    folder = tmp_path_factory.mktemp("climbed")
    with loads.target("--servers", f"{SERVERS}", "--service-ms", f"{SERVICE_S * 1000}") as port:
        workload = f'concurrent = 1\nthink = "{PAUSE_S}s"\ndrain = "1s"'
        limit = f"{LIMIT_S}s"
        plan = loads.PLAN.format(port=port, never=loads.NEVER, workload=workload, limit=limit)
        plan = plan.replace("0.97", "0.9")  # which takes 29 samples
        options = (
            "--first",
            "12",
            "--to",
            "24",
            "--hold",
            "4s",
            "--settle",
            "2s",
            "--confirm",
            "6s",
        )
        yield loads.drive(folder, plan, SCENARIO, *options)


def test_the_capacity_that_is_found_is_the_true_one_within_a_tenth(climbed):
    """So are throughput and response times at every load on the way, by Little's law."""
    said, run = climbed
    asked = [sys.executable, "-m", "crosstalk", "capacity", str(run.path)]
    done = subprocess.run(
        [*asked, "--peak", "60", "--replicas", "2", "--think", "2", "--json"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, said + done.stderr.decode()
    found = capacity.decode(done.stdout)
    assert found.within is not None, said
    assert found.within == pytest.approx(TRUTH, rel=0.1), said
    assert found.confirmed, said
    assert found.breached is not None
    assert found.within < found.breached <= 24
    served = SERVERS / SERVICE_S
    for step in found.steps:
        full_s = step.users / served - PAUSE_S  # an answer's time where users fill the target
        took_s = max(full_s, SERVICE_S)
        assert step.users / (took_s + PAUSE_S) == pytest.approx(step.throughput.value, rel=0.25)
        assert step.concurrency == pytest.approx(step.throughput.value * took_s, rel=0.25)
        assert step.completion[0].measured == pytest.approx(took_s, rel=0.25)
    most = max(found.steps, key=lambda step: step.users)
    assert (most.users, most.verdict) == (24, Verdict.FAIL)
    assert most.goodput.value < most.throughput.value / 4  # nearly all of it came too late
    best = next(step for step in found.steps if step.confirms)
    assert best.goodput.value == pytest.approx(best.throughput.value, rel=0.1)
    assert found.bleeding is None
    assert found.answers[0].because.startswith("no: ")
    kept = list(run.path.glob("capacity/*/capacity.json"))
    assert max(kept).read_bytes() == done.stdout
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    page = Path(told.rpartition("report ")[2].strip())
    assert f"{found.within} users" in page.read_text("utf-8")
    assert (page.parent / "figures" / "throughput.png").exists()


def test_a_climb_stops_where_the_target_drowns(tmp_path):
    """One server of 200 ms and answers that are given up after a second: forty users drown it.

    The load is let go before its time, and none that is higher is driven.
    """
    with loads.target("--servers", "1", "--service-ms", "200") as port:
        workload = 'concurrent = 1\nthink = "400ms"\ndrain = "0s"\ntimeout = "1s"'
        plan = loads.PLAN.format(port=port, never=loads.NEVER, workload=workload, limit="900ms")
        options = ("--steps", "2,40,80", "--hold", "5s", "--settle", "1s")
        plan = plan.replace("0.97", "0.5")
        said, run = loads.drive(tmp_path, plan, SCENARIO, *options)
    assert "no higher load is driven" in said
    steps = [json.loads(path.read_bytes()) for path in sorted(run.path.glob("steps/*.json"))]
    assert [step["users"] for step in steps] == [2, 40]
    borne, drowned = (step["to_s"] - step["from_s"] for step in steps)
    assert drowned < 5 <= borne
    assert "2 users within every objective" in said
    assert "40 were too many" in said


def test_the_climb_says_what_it_showed_and_does_not_fail_for_it(climbed):
    """Beyond its limits a platform misses objectives: that is what was asked."""
    said, run = climbed
    assert "users within every objective (confirmed at 95 %)" in said
    assert "were too many" in said
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None
    judged = json.loads((folder / "verdict.json").read_bytes())
    parts = {part["name"]: (part["verdict"], part["gates"]) for part in judged["parts"]}
    assert parts["objectives"] == ("FAIL", False)
    assert judged["verdict"] != "FAIL"


@pytest.mark.parametrize(
    ("workload", "options", "said"),
    [
        ('model = "open"\nrate = "20/s"', (), "a climb needs a rate like '0.5/s per user'"),
        ("concurrent = 1", ("--steps", "10,many"), "write numbers of users, like 10,20,40"),
    ],
)
def test_what_cannot_be_climbed_is_refused_in_one_sentence(tmp_path, workload, options, said):
    """A rate of the whole run would make every step the same."""
    plan = loads.PLAN.format(port=1, never=loads.NEVER, workload=workload, limit="1s")
    (tmp_path / "plan.toml").write_text(plan, "utf-8")
    command = [sys.executable, "-m", "locust", "-f", str(SCENARIO), "--headless", *options]
    command += ["--plan", str(tmp_path / "plan.toml"), "--runs", str(tmp_path / "runs")]
    env = {**os.environ, **loads.SECRET}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "ended before anything was driven" not in done.stderr


def test_without_steps_there_is_no_capacity(tmp_path):
    """A plain run is told in one sentence how to drive one."""
    run = tmp_path / "runs" / "plain"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    asked = [sys.executable, "-m", "crosstalk", "capacity", str(run)]
    done = subprocess.run(asked, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 2
    assert "locustfiles/capacity.py" in done.stderr
