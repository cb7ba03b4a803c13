"""The positive control on a real run: what is planted is found, and blindness shows."""

from __future__ import annotations

import hashlib

import pytest

from isolation_checks.control.measure import measure
from isolation_checks.control.plant import KINDS
from isolation_checks.loading import words
from tests.end_to_end import drives

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return drives.demo(tmp_path_factory.mktemp("runs"), users=6, seconds=7).ended().directory


def digest(run):
    paths = sorted(p for p in run.path.rglob("*") if p.is_file() and "cache" not in p.parts)
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def test_every_kind_of_break_is_found_and_the_run_is_untouched(run):
    """Whatever way words are written, their passage is found; the evidence stays as it is."""
    before = digest(run)
    measured = measure(run, seed=7, breaks=80)
    assert set(KINDS) == set(measured.planted)
    assert measured.planted == measured.found
    assert measured.lower is not None
    assert measured.lower > 0.9
    assert before == digest(run)


def test_a_blind_scan_shows_in_the_measure(run, monkeypatch):
    """A scan that reads no encodings finds what is plain, and the bound falls."""
    monkeypatch.setattr(words, "everywhere", lambda text, **_: words.exact(text))
    measured = measure(run, seed=7, breaks=80)
    assert measured.found["moved"] == measured.planted["moved"]
    assert "hex" not in measured.found
    assert measured.lower is not None
    assert measured.lower < 0.6


def test_the_same_seed_plants_the_same(run):
    """A control can be repeated."""
    assert measure(run, seed=3, breaks=16) == measure(run, seed=3, breaks=16)
