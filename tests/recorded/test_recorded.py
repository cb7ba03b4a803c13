"""Real runs, kept: judged again, each gives what it gave."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.recorded.keep import HERE, judged

KEPT = sorted(path.parent for path in HERE.glob("*/run.json"))
LARGEST = 300_000


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_a_kept_run_is_judged_as_it_was(kept, tmp_path):
    """Verdict, parts, and of every finding who, whom, how often and by which mechanism."""
    copied = shutil.copytree(kept, tmp_path / kept.name)
    assert json.loads((kept / "expected.json").read_bytes()) == judged(copied)


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_a_kept_run_is_small_and_tells_nothing_of_its_machine(kept):
    """No name of a host, no path, no credential, and no report."""
    files = [path for path in kept.rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in files)
    assert len(content) < LARGEST
    assert {"cache", "judgements"}.isdisjoint(path.name for path in kept.iterdir())
    assert not re.search(rb"eyJ[\w-]{8,}\.[\w-]{8,}\.", content)  # nothing like a JWT
    assert not re.search(rb"/(?:home|root|tmp|work|Users)/", content)
    described = json.loads((kept / "run.json").read_bytes())
    assert ("recorded", None) == (described["host"], described["git"])
    assert described["target"].startswith("ws://127.0.0.1:")


@pytest.mark.parametrize(
    ("name", "kinds", "mechanism"),
    [
        ("honest", set(), None),
        ("shared_socket", {"foreign-canary"}, "the newest socket wins"),
        (
            "cache_without_user",
            {"foreign-canary"},
            "a cache of answers without the user in its key",
        ),
        ("lost_row", {"lost-row"}, "answered, never stored"),
        ("wrong_owner_row", {"foreign-row"}, "a row written with the id of whoever came last"),
    ],
)
def test_what_is_expected_is_what_the_platform_was_told_to_do(name, kinds, mechanism):
    """The expectation is not merely what came out: it names the fault that was switched on."""
    expected = json.loads((Path(HERE) / name / "expected.json").read_bytes())
    roots = [found for found in expected["findings"] if found["folded_into"] is None]
    assert kinds == {found["kind"] for found in roots[:1]}
    assert mechanism == next((found["mechanism"] for found in roots), None)


def test_every_kept_run_is_described():
    """The page says by which command each was made."""
    page = (HERE / "README.md").read_text(encoding="utf-8")
    assert [] == [kept.name for kept in KEPT if f"## {kept.name}\n" not in page]
