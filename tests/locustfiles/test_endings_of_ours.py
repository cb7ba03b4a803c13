"""What goes wrong in the harness itself ends with 4, unsealed, and can still be judged."""

from __future__ import annotations

import os
import socket
import subprocess
from importlib import resources

import pytest

from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end.platforms import platform
from tests.locustfiles import drives

pytestmark = pytest.mark.slow
LOAD = ("-u", "4", "-r", "4", "-t", "20m")
AGENTS = f"exec(compile(open({str(drives.AGENTS)!r}).read(), 'agents.py', 'exec'))\n"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJlLW9mLXRoYXQ"
IN_A_TASK = (
    AGENTS
    + f"""

class Agent(AgentUser):
    @task
    def talk(self):
        self.converse()
        raise RuntimeError("a task cannot go on with {TOKEN}")
"""
)
IN_A_PROVOCATION = (
    AGENTS
    + f"""
import gevent
from locustfiles.driving import performer


def dies(rig):
    gevent.sleep(2)
    raise RuntimeError("a provocation cannot go on with {TOKEN}")


performer.PROVOCATIONS = (*performer.PROVOCATIONS, dies)
"""
)
DEAF = """
from isolation_checks.dialects.events import EventDialect


class Deaf(EventDialect):
    '''Reads until an answer is complete, and then no more.'''

    def read(self, frame):
        if b"agent_completed" in frame:
            raise ValueError("what is this?")
        return super().read(frame)
"""


def scenario(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "scenario.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_breaks_in_a_drive_ends_it_with_four(tmp_path):
    """A task, a provocation, a dialect: soon, unsealed, without a credential in what is said."""
    plan = (resources.files("isolation_checks.plan") / "reference.toml").read_text("utf-8")
    plan = plan.replace('dialect = "reference"\n', "") + (
        '[dialect]\nextends = "reference"\nclass = "deaf:Deaf"\n'
    )
    (tmp_path / "deaf.py").write_text(DEAF, encoding="utf-8")
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    deaf_env = {"PYTHONPATH": str(tmp_path), "CROSSTALK_ROWS_URL": "sqlite:///nowhere.db"}
    deaf_env["CROSSTALK_PROBE_KEY"] = "a key that no platform has"
    with platform() as announced:
        asked = ("--plan", str(tmp_path / "plan.toml"), "--host", announced["http"])
        broken = {
            name: drives.headless(tmp_path / name, *LOAD, scenario=scenario(tmp_path / name, text))
            for name, text in (("task", IN_A_TASK), ("provocation", IN_A_PROVOCATION))
        }
        broken["dialect"] = drives.headless(tmp_path / "dialect", *LOAD, *asked, env=deaf_env)
        with drives.side_by_side(*broken.values()):
            for name, drive in broken.items():
                assert drive.ended() == 4, (name, drive.output)
    for name, drive in broken.items():
        assert "Crosstalk broke" in drive.output, name
        assert drive.tokens() == [], name
        assert drives.sealed(drive.run) == set(), name
        assert drives.frames(drive.run) > 0, name
        assert drives.complete(drive.run) is Verdict.UNKNOWN, name
    assert "what is this?" in broken["dialect"].output
    judged = next(
        c for c in drives.judgement_of(broken["dialect"].run).checks if "complete" in c.name
    )
    assert "cannot be read" in judged.note


def test_a_full_disk_ends_the_drive_with_four(tmp_path):
    """Soon, not when the time is up; what was written stays, without a seal."""
    full = tmp_path / "full"
    full.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", full],
            check=False,
            capture_output=True,
        ).returncode
    )
    if not mounted:
        no_room_for_a_file(tmp_path)
        return
    try:
        drive = drives.headless(tmp_path / "one", *LOAD, runs=full)
        forked = drives.headless(tmp_path / "two", *LOAD, "--processes", "2", runs=full / "of-two")
        with drives.side_by_side(drive, forked):
            assert drive.ended() == 4, drive.output
            assert forked.ended() == 4, forked.output
        for each in (drive, forked):
            assert "No space left on device" in each.output
            assert each.tokens() == []
        assert drives.sealed(drive.run) == set()
    finally:
        subprocess.run(["umount", full], check=True)


def no_room_for_a_file(folder):
    """The same where only root may mount: no file may grow over 100 KB."""
    small = ("bash", "-c", 'ulimit -f 100; exec "$@"', "--")
    with platform() as announced:
        drive = drives.headless(folder, *LOAD, "--host", announced["http"], before=small)
        with drives.side_by_side(drive):
            assert drive.ended() == 4, drive.output
    assert "File too large" in drive.output
    assert drive.tokens() == []
    assert drives.sealed(drive.run) == set()


def test_a_busy_port_is_said_in_a_sentence(tmp_path):
    """Exit 2: Locust's own 1 would mean FAIL."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        web = drives.Drive(tmp_path / "web", "--web-host", "127.0.0.1", "--web-port", port)
        bind = ("--master", "--expect-workers", "1", "--master-bind-port", port)
        master = drives.headless(tmp_path / "master", *LOAD, *bind)
        other = drives.headless(
            tmp_path / "other", *LOAD, "--processes", "2", "--master-bind-port", "1999"
        )
        with drives.side_by_side(web, master, other):
            assert [2, 2, 2] == [web.ended(), master.ended(), other.ended()]
    assert "the web UI cannot listen on port" in web.output
    assert "--web-port" in web.output
    assert "the master cannot listen on port" in master.output
    assert "--master-port" in other.output
    assert [1, 1, 1] == [len(each.output.splitlines()) for each in (web, master, other)]
