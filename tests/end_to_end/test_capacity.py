"""A climb at a target of which everything is known: where it saturates, and what that looks like.

Four servers that need 100 ms each answer 40 queries a second at most.  Users who pause 200 ms
ask 3.3 a second each, so that twelve of them fill it; by Little's law sixty wait 1.3 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from isolation_checks.judging import capacity
from isolation_checks.judging.verdict import Verdict
from tests.end_to_end import test_open_load as loads

pytestmark = pytest.mark.slow
SCENARIO = Path("locustfiles/capacity.py").resolve()


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    """A climb of three steps: what was said, and the run."""
    folder = tmp_path_factory.mktemp("climbed")
    with loads.target("--servers", "4", "--service-ms", "100") as port:
        workload = 'concurrent = 1\nthink = "200ms"\ndrain = "2s"'
        plan = loads.PLAN.format(port=port, never=loads.NEVER, workload=workload, limit="600ms")
        plan = plan.replace("0.97", "0.95")  # which takes 59 samples
        options = ("--steps", "6,9,60", "--hold", "4s", "--settle", "1s")
        yield loads.drive(folder, plan, SCENARIO, *options)


def test_the_load_that_saturates_is_found(climbed):
    """Both small steps are borne; sixty users are too many; throughputs are as Little says."""
    said, run = climbed
    asked = [sys.executable, "-m", "crosstalk", "capacity", str(run.path)]
    done = subprocess.run(
        [*asked, "--peak", "18", "--replicas", "2", "--think", "2", "--json"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, said + done.stderr.decode()
    found = capacity.decode(done.stdout)
    assert [step.users for step in found.steps] == [6, 9, 60], said
    assert [step.verdict for step in found.steps] == [Verdict.PASS, Verdict.PASS, Verdict.FAIL], (
        said
    )
    assert (found.within, found.breached, found.confirmed) == (9, 60, False)
    throughputs = [step.throughput.value for step in found.steps]
    assert throughputs == pytest.approx([20, 30, 40], rel=0.2)
    assert found.steps[2].completion[0].measured == pytest.approx(1.3, rel=0.3)
    assert found.steps[2].concurrency == pytest.approx(52, rel=0.2)
    assert found.bleeding is None
    assert found.answers[0].because.startswith("not shown: it lies between 9, which were borne")
    assert found.steps[0].goodput.value == pytest.approx(20, rel=0.2)
    assert found.steps[2].goodput.value < 5  # forty a second, and hardly one of them in time
    assert "no scalability law" in found.refused[0]  # three loads do not tell it
    kept = list(run.path.glob("capacity/*/capacity.json"))
    assert max(kept).read_bytes() == done.stdout
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    page = Path(told.rpartition("report ")[2].strip())
    assert "9 users" in page.read_text("utf-8")
    assert (page.parent / "figures" / "throughput.png").exists()


def test_a_climb_stops_where_the_target_drowns(tmp_path):
    """One server of 200 ms and answers that are given up after a second: forty users drown it.

    The load is let go before its time, and none that is higher is driven.
    """
    with loads.target("--servers", "1", "--service-ms", "200") as port:
        workload = 'concurrent = 1\nthink = "400ms"\ndrain = "0s"\ntimeout = "1s"'
        plan = loads.PLAN.format(port=port, never=loads.NEVER, workload=workload, limit="900ms")
        options = ("--steps", "2,40,80", "--hold", "8s", "--settle", "1s")
        plan = plan.replace("0.97", "0.5")
        said, run = loads.drive(tmp_path, plan, SCENARIO, *options)
    assert "no higher load is driven" in said
    steps = [json.loads(path.read_bytes()) for path in sorted(run.path.glob("steps/*.json"))]
    assert [step["users"] for step in steps] == [2, 40]
    assert 7 < steps[0]["to_s"] - steps[0]["from_s"]
    assert steps[1]["to_s"] - steps[1]["from_s"] < 6
    assert "2 users within every objective" in said
    assert "40 were too many" in said


def test_the_climb_says_what_it_showed_and_does_not_fail_for_it(climbed):
    """Beyond its limits a platform misses objectives: that is what was asked."""
    said, run = climbed
    assert "9 users within every objective" in said
    assert "60 were too many" in said
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None
    judged = json.loads((folder / "verdict.json").read_bytes())
    parts = {part["name"]: (part["verdict"], part["gates"]) for part in judged["parts"]}
    assert parts["objectives"] == ("FAIL", False)
    assert judged["verdict"] != "FAIL"


def test_without_steps_there_is_no_capacity(tmp_path):
    """A plain run is told in one sentence how to drive one."""
    run = tmp_path / "runs" / "plain"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    asked = [sys.executable, "-m", "crosstalk", "capacity", str(run)]
    done = subprocess.run(asked, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 2
    assert "locustfiles/capacity.py" in done.stderr
