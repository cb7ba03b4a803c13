"""However a drive ends, the exit code tells the truth and nothing recorded is lost."""

from __future__ import annotations

import os
import signal

import pytest

from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end.drives import part
from tests.locustfiles import drives

pytestmark = pytest.mark.slow


def test_a_killed_worker_makes_the_evidence_unknown(tmp_path):
    """Exit 3, never 0; whatever the worker had flushed can be read."""
    drive = drives.headless(tmp_path, "--processes", "2", "-u", "6", "-r", "6", "-t", "12s")
    with drives.side_by_side(drive):
        drives.until(lambda: len(list(drive.runs.glob("*/history/*/frames.arrow"))) == 2)
        run = drive.run
        drives.until(lambda: all(drives.frames(run, name) > 20 for name in run.processes()))
        victim = run.processes()[0]
        flushed = drives.frames(run, victim)
        os.kill(drives.pid(run, victim), signal.SIGKILL)
        assert drive.ended() == 3, drive.output
    judged = drives.judgement_of(run)
    assert part(judged, "evidence") is Verdict.UNKNOWN
    assert part(judged, "isolation") is not Verdict.FAIL
    assert drives.frames(run, victim) >= flushed > 0
    assert victim not in drives.sealed(run)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_drive_that_is_told_to_stop_is_judged(tmp_path, sign):
    """What was seen until then is sealed and judged, and the platform is gone."""
    drive = drives.headless(tmp_path, "-u", "4", "-r", "4", "-t", "10m")
    with drives.side_by_side(drive):
        drives.until(lambda: list(drive.runs.glob("*/history/*/frames.arrow")))
        run = drive.run
        drives.until(lambda: drives.frames(run, "p0") > 20)
        drive.process.send_signal(sign)
        code = drive.ended()
    judged = drives.judgement_of(run)
    assert code == judged.exit_code, drive.output
    assert part(judged, "evidence") is Verdict.PASS, drive.output
    assert drives.platforms_of(run) == []


def test_the_folder_of_scenarios_drives_too(tmp_path):
    """`locust -f locustfiles/` loads every file of it, and users are spawned once."""
    drive = drives.headless(
        tmp_path, "-u", "3", "-r", "3", "-t", "4s", scenario=drives.AGENTS.parent
    )
    with drives.side_by_side(drive):
        assert drive.ended() in (0, 3), drive.output
    assert drives.judgement_of(drive.run).scale.users == 3


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
    drive = drives.headless(tmp_path, "-u", "1", "-t", "2s", *arguments)
    with drives.side_by_side(drive):
        assert drive.ended() == code, drive.output
    assert sentence in drive.output
    assert drive.all_runs() == []


def test_a_scenario_that_cannot_be_imported_ends_in_four(tmp_path):
    """Locust itself would say 1, which means FAIL."""
    broken = tmp_path / "agents.py"
    text = drives.AGENTS.read_text(encoding="utf-8")
    broken.write_text(text.replace("driving.lifecycle", "driving.nowhere"), encoding="utf-8")
    drive = drives.headless(tmp_path, "-t", "2s", scenario=broken)
    with drives.side_by_side(drive):
        assert drive.ended() == 4, drive.output
