from __future__ import annotations

import os
from pathlib import Path

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.plan import provoking
from locustfiles.driving import embedded


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """What starting a platform leaves for its drive goes with the test."""
    for name in (embedded.ROWS_URL, embedded.REDIS_URL, embedded.PROBE_KEY, embedded.RESTART):
        monkeypatch.setenv(name, "")


@pytest.mark.parametrize(("workers", "every"), [("1", 0.0), ("2", 6.0)])
def test_one_of_several_workers_can_be_ended_by_the_plan(workers, every):
    """The plan names the supervisor's process; one worker by itself is nobody's to end."""
    platform = embedded.start([], None, ["--workers", workers])
    try:
        pid = str(platform.process.pid)
        assert platform.plan.target.restart == (() if every == 0.0 else ("kill", "-USR1", pid))
        assert provoking.every(platform.plan, "restart") == every
        assert os.environ[embedded.ROWS_URL].startswith("sqlite:///")
    finally:
        platform.end()
    assert platform.process.poll() is not None


def test_a_fault_that_nobody_knows_is_the_users_mistake():
    """In the platform's own words."""
    with pytest.raises(UsageError, match="the nearest known is 'lost_row'"):
        embedded.start(["lost_rows"], None)


def test_a_platform_elsewhere_is_not_restarted():
    """Unless somebody says how: it is not ours to end."""
    assert embedded.plan_elsewhere().target.restart == ()
    os.environ[embedded.RESTART] = "kill -USR1 12"
    assert embedded.plan_elsewhere().target.restart == ("kill", "-USR1", "12")


def test_no_address_stands_on_the_platforms_command_line(tmp_path):
    """It may hold a password, and the list of processes is everybody's to read."""
    url = f"sqlite:///{tmp_path}/platform.db"
    platform = embedded.start([], url)
    try:
        line = Path(f"/proc/{platform.process.pid}/cmdline").read_bytes()
        assert b"--database" in line
        assert bytes(tmp_path) not in line
        assert url == os.environ[embedded.ROWS_URL]
        assert (tmp_path / "platform.db").exists()
    finally:
        platform.end()
