"""The house's own commands."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = {"setup", "demo", "test", "test-fast", "lint", "constraints", "clean"}


def test_make_alone_lists_the_targets():
    """Whoever types `make` is told what there is and nothing is done."""
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert set(listed) >= TARGETS


def test_a_demo_passes_its_words_on():
    """Several faults, users, seconds and a database reach the command."""
    words = ["FAULT=shared_socket slow_tail=0.5", "USERS=5", "SECONDS=7", "DATABASE=sqlite:///x"]
    done = subprocess.run(
        ["make", "--dry-run", "--assume-old=.venv/for-use", "demo", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    command = re.sub(r"[\s\\]+", " ", done.stdout)
    assert (
        "crosstalk demo --fault shared_socket --fault slow_tail=0.5 "
        "--users 5 --seconds 7 --database sqlite:///x"
    ) in command


def test_ci_runs_what_make_test_runs():
    """One script, which hides nothing: no `||`, no `-k`, no skipped step."""
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert "set -euo pipefail" in script
    assert script.rstrip().endswith("exec make test")
    assert "||" not in script
