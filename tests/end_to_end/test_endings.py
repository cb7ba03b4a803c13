"""However a drive ends, the exit code tells the truth and nothing recorded is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import locustfiles
from isolation_checks.history.directory import RunDirectory, read_json
from isolation_checks.history.stream import batches
from isolation_checks.judging import verdict
from isolation_checks.judging.verdict import Judgement, Verdict
from tests.end_to_end import drives

pytestmark = pytest.mark.slow
FOLDER = Path(locustfiles.__path__[0])
LIMIT_SECONDS = 90


def locust(runs: Path, *arguments: str, scenario: Path = FOLDER / "agents.py") -> subprocess.Popen:
    command = [sys.executable, "-m", "locust", "-f", str(scenario), "--headless", "--only-summary"]
    return subprocess.Popen(
        [*command, *arguments, "--runs", str(runs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=runs.parent,
    )


def ended(process: subprocess.Popen) -> tuple[int, str]:
    try:
        output, _ = process.communicate(timeout=LIMIT_SECONDS)
    finally:
        process.kill()
    return process.returncode, output.decode()


def until(condition: Callable[[], object]) -> None:
    """Wait for something to be so, with a limit."""
    limit = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.1)


def only_run(runs: Path) -> RunDirectory:
    (described,) = runs.glob("*/run.json")
    return RunDirectory(described.parent)


def judgement_of(run: RunDirectory) -> Judgement:
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None
    return verdict.decode((folder / "verdict.json").read_bytes())


def recorded(run: RunDirectory, process: str) -> int:
    path = run.history / process / "frames.arrow"
    return sum(batch.num_rows for batch in batches(path))


def platforms_of(run: RunDirectory) -> list[str]:
    """Reference platforms that still serve the address that the run was driven at."""
    port = run.describe()["target"].rpartition(":")[2].partition("/")[0]
    listening = Path("/proc/net/tcp").read_text(encoding="ascii")
    return [line for line in listening.splitlines() if f":{int(port):04X} 00000000" in line]


def test_a_killed_worker_makes_the_evidence_unknown(tmp_path):
    """Exit 3, never 0; whatever the worker had flushed can be read."""
    runs = tmp_path / "runs"
    process = locust(runs, "--processes", "2", "-u", "6", "-r", "6", "-t", "12s")
    until(lambda: len(list(runs.glob("*/history/*/frames.arrow"))) == 2)
    run = only_run(runs)
    until(lambda: all(recorded(run, name) > 20 for name in run.processes()))
    victim = run.processes()[0]
    flushed = recorded(run, victim)
    pid = int(read_json(run.joined / f"{victim}.json")["pid"])
    os.kill(pid, signal.SIGKILL)
    code, output = ended(process)
    judged = judgement_of(run)
    assert code == 3, output
    assert drives.part(judged, "evidence") is Verdict.UNKNOWN
    assert drives.part(judged, "isolation") is not Verdict.FAIL
    assert recorded(run, victim) >= flushed > 0
    assert not (run.history / victim / "seal.json").exists()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_drive_that_is_told_to_stop_is_judged(tmp_path, sign):
    """What was seen until then is sealed and judged, and the platform is gone."""
    runs = tmp_path / "runs"
    process = locust(runs, "-u", "4", "-r", "4", "-t", "10m")
    until(lambda: list(runs.glob("*/history/*/frames.arrow")))
    run = only_run(runs)
    until(lambda: recorded(run, "p0") > 20)
    process.send_signal(sign)
    code, output = ended(process)
    assert code == judgement_of(run).exit_code, output
    assert drives.part(judgement_of(run), "evidence") is Verdict.PASS, output
    assert platforms_of(run) == []


def test_the_folder_of_scenarios_drives_too(tmp_path):
    """`locust -f locustfiles/` loads every file of it, and users are spawned once."""
    runs = tmp_path / "runs"
    code, output = ended(locust(runs, "-u", "3", "-r", "3", "-t", "4s", scenario=FOLDER))
    assert code in (0, 3), output
    assert judgement_of(only_run(runs)).scale.users == 3


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--plan", "nowhere.toml"), 2, "nowhere.toml"),
        (("--fault", "shared_sock"), 2, "shared_socket"),
        (("--host", "http://192.0.2.1"), 2, "allow_hosts"),
        (("--database", "sqlite:////nowhere/at/all.db"), 4, "platform"),
    ],
)
def test_what_cannot_be_driven_is_said_in_a_sentence(tmp_path, arguments, code, sentence):
    """The user's mistakes end in 2, ours in 4, and neither leaves a run behind."""
    runs = tmp_path / "runs"
    ended_with, output = ended(locust(runs, "-u", "1", "-t", "2s", *arguments))
    assert ended_with == code, output
    assert sentence in output
    assert not list(runs.glob("*/run.json"))


def test_a_scenario_that_cannot_be_imported_ends_in_four(tmp_path):
    """Locust itself would say 1, which means FAIL."""
    broken = tmp_path / "agents.py"
    text = (FOLDER / "agents.py").read_text(encoding="utf-8")
    broken.write_text(text.replace("driving.lifecycle", "driving.nowhere"), encoding="utf-8")
    code, output = ended(locust(tmp_path / "runs", "-t", "2s", scenario=broken))
    assert code == 4, output
