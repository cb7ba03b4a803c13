"""A platform that was given a Redis: its keys are rows beside those of its database."""

from __future__ import annotations

import pytest

from isolation_checks.rows.collect import read_said
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end import drives
from tests.reference_platform.redis_server import redis_server

pytestmark = pytest.mark.slow


def test_the_keys_of_an_honest_platform_are_read_and_accuse_nobody(tmp_path):
    """Sessions name their users; cached answers name nobody, and that is said."""
    with redis_server() as url:
        drive = drives.demo(tmp_path, users=8, seconds=7, redis=url).ended()
    said = read_said(drive.directory.rows / "1")
    assert "problem" not in said
    assert [("sqlite", True), ("redis", False)] == [
        (database["engine"], database["snapshot"]) for database in said["databases"]
    ]
    assert said["tables"]["sessions"]["records"] >= 8
    assert said["tables"]["answers"]["records"] > 0
    checks = {check.name: check for check in drive.judgement.checks}
    assert Verdict.PASS == checks["foreign row"].verdict, drive.output
    assert Verdict.PASS == checks["row accounting"].verdict, drive.output
    assert any("rows of answers with words of this run" in line for line in drive.judgement.blind)
