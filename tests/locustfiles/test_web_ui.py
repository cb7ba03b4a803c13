"""Runs that somebody starts and stops in Locust's web UI: several in one process."""

from __future__ import annotations

import pytest

from isolation_checks.verdicts.lattice import Verdict
from tests.locustfiles import drives

pytestmark = pytest.mark.slow


def swarm(url, users):
    return drives.request(f"{url}/swarm", user_count=str(users), spawn_rate="10")


def users_of(run):
    people = [record["principal"] for record in drives.records(run, "principals")]
    roles = {record["principal"]: record["role"] for record in drives.records(run, "principals")}
    return [name for name in people if roles[name] == "user"]


def test_every_run_of_a_web_ui_is_judged_on_its_own(tmp_path):
    """Three runs, one after another, one edited and one reset; each says where its report is."""
    port = drives.free_port()
    url = f"http://127.0.0.1:{port}"
    drive = drives.Drive(tmp_path, "--web-host", "127.0.0.1", "--web-port", str(port))
    with drives.side_by_side(drive):
        drives.until(lambda: drives.request(url))
        for number in range(3):
            assert swarm(url, 3)
            drives.until(lambda number=number: len(drive.all_runs()) == number + 1)
            run = drive.all_runs()[number]
            drives.until(lambda run=run: drives.frames(run) > 40)
            if number == 0:
                assert swarm(url, 5)  # "Edit": more users of the same run
                drives.until(lambda run=run: len(users_of(run)) == 5)
            if number == 1:
                assert drives.request(f"{url}/stats/reset", all="1")  # Locust's figures, not ours
                before = drives.frames(run)
                drives.until(lambda run=run, before=before: drives.frames(run) > before + 40)
            assert drives.request(f"{url}/stop", all="1")
            drives.until(lambda run=run: run.latest_in(run.judgements, "report"))
        drives.until(lambda: drive.output.count("\nreport ") == 3)
        drive.process.send_signal(drives.TERMINATE)
        code = drive.ended()
    runs = drive.all_runs()
    assert len(runs) == 3
    assert drives.judgement_of(runs[-1]).exit_code == code, drive.output
    for run in runs:
        assert drives.complete(run) is Verdict.PASS, drive.output
        assert f"report {run.judgements / '1' / 'report' / 'index.html'}" in drive.output
        assert {"p0"} == drives.sealed(run)
    assert [5, 3, 3] == [len(users_of(run)) for run in runs]
    assert drives.platforms_of(runs[-1]) == []
    assert drive.tokens() == []
