"""The positive control on a real run: what is planted is found, in every channel."""

from __future__ import annotations

import hashlib

import pytest

from isolation_checks.checks.control_found import measured
from isolation_checks.loading.load import loaded
from tests.end_to_end import drives

pytestmark = pytest.mark.slow


def digest(run):
    paths = sorted(p for p in run.path.rglob("*") if p.is_file() and "cache" not in p.parts)
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def test_every_kind_of_break_is_found_and_the_run_is_untouched(tmp_path):
    """The judgement's own control has found all, and so does another seed's."""
    drive = drives.demo(tmp_path, users=6, seconds=7).ended()
    before = digest(drive.directory)
    with loaded(drive.directory) as run:
        again = measured(run, seed=7)
    for control in (drive.judgement.control, again):
        assert {"frame", "row", "delivery"} == {each.channel for each in control.detection}
        assert [kind.planted for kind in control.kinds] == [kind.found for kind in control.kinds]
        assert all(each.lower > 0.8 for each in control.detection), control
    assert before == digest(drive.directory)
