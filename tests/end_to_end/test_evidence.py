"""What a drive leaves behind: private, whole, and without a single credential."""

from __future__ import annotations

import base64
import re
import stat
from pathlib import Path

import pytest

from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end import drives

pytestmark = pytest.mark.slow
FORMS = (
    re.compile(rb"eyJ[A-Za-z0-9_-]{8,}(?:\.|%2[eE]|\\u002[eE])[A-Za-z0-9_-]{8,}"),
    *(
        re.compile(re.escape(base64.b64encode(b"\0" * skip + b"eyJhbGciOi")[4 * bool(skip) : 12]))
        for skip in range(3)
    ),
    re.compile("".join(f"\\\\u{ord(c):04x}" for c in "eyJ").encode().replace(b"\\", b"\\\\")),
    re.compile(b"eyJhbGciOi".hex().encode()),
)


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    return drives.demo(tmp_path_factory.mktemp("runs"), users=4, seconds=5).ended()


def files(drive) -> list[Path]:
    return [path for path in drive.directory.path.rglob("*") if path.is_file()]


def test_no_credential_is_in_a_run(drive):
    """No file of a run holds anything like a JWT, raw, escaped, in hex or in base64."""
    assert len(files(drive)) > 10
    for path in files(drive):
        content = path.read_bytes()
        assert [form.pattern for form in FORMS if form.search(content)] == [], path


def test_a_run_is_its_owners_alone(drive):
    """Folders have mode 0700, evidence 0600."""
    for path in drive.directory.path.rglob("*"):
        if path.is_dir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
        elif "cache" not in path.parts:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_what_was_recorded_is_whole(drive):
    """A drive that ended in order has complete evidence and says how much it is."""
    assert drives.part(drive.judgement, "evidence") is Verdict.PASS, drive.output
    assert drive.judgement.scale.frames > 100


def test_the_fault_never_enters_the_run(tmp_path):
    """The judge cannot know what the platform was told to do: no file of the run says it."""
    drive = drives.demo(tmp_path, "out_of_order=0.01", users=3, seconds=4).ended()
    before_judging = [p for p in files(drive) if "judgements" not in p.parts]
    assert [p for p in before_judging if b"out_of_order" in p.read_bytes()] == []


def test_a_run_can_be_judged_again(drive):
    """Judging again gives the same findings and leaves the first judgement as it was."""
    first = drive.directory.judgements / "1" / "verdict.json"
    content = first.read_bytes()
    again = drives.Driving(drive.directory.path.parent, ["judge", drive.directory.id]).ended()
    assert first.read_bytes() == content
    assert again.judgement.findings == drive.judgement.findings
    assert again.judgement.scale == drive.judgement.scale
