"""A run becomes a base, and other runs are compared with it, by the command itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from isolation_checks.history import directory
from isolation_checks.judging import comparing
from isolation_checks.loading import fold
from isolation_checks.verdicts import baseline
from reports import comparison
from tests.isolation_checks.language import written

NAMES = "abcdef"


def script(pause, bad=()):
    """Six users by turns, each answered after so many seconds; these queries time out."""
    words = []
    for n in range(1, 181):
        how = "=timeout" if n in bad else ""
        words.append(f"{NAMES[n % 6]}?q{n} +{pause}s {NAMES[n % 6]}!q{n}{how}")
    return " ".join(words)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A base, one as quick, and one that is slower and answers worse."""
    folder = tmp_path_factory.mktemp("compared")
    for name, told in (
        ("base", script(1)),
        ("same", script(1)),
        ("slow", script(2, bad=range(1, 60))),
    ):
        written(told, folder / name)
    return {path.name: path / "told" for path in folder.iterdir()}


def crosstalk(*words):
    done = subprocess.run(
        [sys.executable, "-m", "crosstalk", *map(str, words)],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_base_is_written_and_compared_with(runs, tmp_path):
    """0 where nothing is worse, 1 where something is, 2 where the command line is wrong."""
    base = tmp_path / "baseline.json"
    code, said = crosstalk("baseline", runs["base"], "-o", base)
    assert (code, "180 of completion" in said) == (0, True), said
    assert len(base.read_bytes()) < 20_000
    code, said = crosstalk("compare", base, runs["same"])
    assert code == 0, said
    code, said = crosstalk("compare", base, runs["slow"], "--margin", "10%")
    assert code == 1, said
    (which,) = re.findall(r"^worse: (.*)$", said, re.MULTILINE)
    for name in ("completion p50", "errors"):
        assert re.search(rf"{name} +worse", said), said
        assert name in which.split(", ")
    assert "larger: how often a sample of this run is larger" in said
    for margin, right in {"ten": "write it like 10% or 0.1", "nan": "a margin is a number"}.items():
        code, said = crosstalk("compare", base, runs["slow"], "--margin", margin)
        assert (code, right in said) == (2, True), said


def test_a_base_holds_no_words_and_no_names(runs):
    """It may be committed where the run may not."""
    history = fold.load(directory.find(str(runs["base"]), runs["base"]))
    base = comparing.baseline(history, "1")
    content = baseline.encode(base)
    assert baseline.decode(content) == base
    for principal in history.principals.values():
        assert (principal.email or "").encode() not in content
    assert b"hello" not in content


def test_other_loads_are_not_compared_unless_one_insists(runs):
    """20 users and 40 are two questions."""
    history = fold.load(directory.find(str(runs["base"]), runs["base"]))
    base = comparing.baseline(history, "1")
    for name in list(history.principals)[:3]:
        del history.principals[name]
    fewer = comparing.baseline(history, "1")
    compared = comparing.compared(base, fewer, 0.1)
    assert (compared.change, compared.exit_code) == ("unclear", 3)
    assert "\nnobody can say: the loads differ: " in comparison.render(compared)
    assert compared.notes[0].startswith("the loads differ: 6 users, now 3")
